// Makes the proxy of a WSDL, as the .NET Framework's wsdl.exe does.   usage: Stubs.exe URL NAMESPACE FILE
using System;
using System.CodeDom;
using System.CodeDom.Compiler;
using System.IO;
using System.Net;
using System.Web.Services.Description;
using System.Xml.Serialization;
using Microsoft.CSharp;

static class Stubs
{
    static int Main(string[] arguments)
    {
        var importer = new ServiceDescriptionImporter
        {
            ProtocolName = "Soap",
            CodeGenerationOptions = CodeGenerationOptions.GenerateProperties,
        };
        using (var wsdl = new WebClient().OpenRead(arguments[0]))
            importer.AddServiceDescription(ServiceDescription.Read(wsdl), null, null);
        var names = new CodeNamespace(arguments[1]);
        var code = new CodeCompileUnit();
        code.Namespaces.Add(names);
        var warnings = importer.Import(names, code);
        using (var file = new StreamWriter(arguments[2]))
            new CSharpCodeProvider().GenerateCodeFromCompileUnit(code, file, new CodeGeneratorOptions());
        if (warnings != 0)
            Console.Error.WriteLine(warnings);
        return warnings == 0 ? 0 : 1;
    }
}
