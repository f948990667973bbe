import ArgumentParser

struct TemplatesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates", abstract: "The texts: list what is stored, preview, push from files and pull into files.",
        subcommands: [TemplatesList.self, TemplatesPreview.self, TemplatesPush.self, TemplatesPull.self])
}
