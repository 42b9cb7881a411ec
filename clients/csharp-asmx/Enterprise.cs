// Records of the enterprise dialect: a class of their own for each SObject.
using Orgbox.Stubs;

static class Records
{
    public const string Dialect = "enterprise";
    public const string Path = "/services/Soap/c/66.0";

    public static sObject Invitation(string sharedEntity, string address)
    {
        return new CollaborationInvitation { SharedEntityId = sharedEntity, InvitedUserEmail = address };
    }

    public static string Address(sObject record)
    {
        return ((CollaborationInvitation)record).InvitedUserEmail;
    }

    public static string Status(sObject record)
    {
        return ((CollaborationInvitation)record).Status;
    }
}
