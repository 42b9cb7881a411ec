// Records of the partner dialect: fields are XML elements, told apart by name.
using System.Linq;
using System.Xml;
using Orgbox.Stubs;

static class Records
{
    public const string Dialect = "partner";
    public const string Path = "/services/Soap/u/66.0";

    public static sObject Invitation(string sharedEntity, string address)
    {
        var fields = new[] { Field("SharedEntityId", sharedEntity), Field("InvitedUserEmail", address) };
        return new sObject { type = "CollaborationInvitation", Any = fields };
    }

    public static string Address(sObject record)
    {
        return Text(record, "InvitedUserEmail");
    }

    public static string Status(sObject record)
    {
        return Text(record, "Status");
    }

    static XmlElement Field(string name, string text)
    {
        var made = new XmlDocument().CreateElement(name, "urn:sobject.partner.soap.sforce.com");
        made.InnerText = text;
        return made;
    }

    static string Text(sObject record, string name)
    {
        return record.Any.Single(field => field.LocalName == name).InnerText;
    }
}
