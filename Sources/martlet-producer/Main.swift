import ArgumentParser
import Foundation
import Producer
import Settings
import Store

extension DuplicatePolicy: ExpressibleByArgument {}
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-producer", abstract: "Enqueues the records of an NDJSON or CSV file, or makes an audience of them.",
        discussion: ProducerHelp.discussion + "\n\nSETTINGS\n" + SettingFlags.help(ProducerSettings.descriptions),
        version: martletVersion)
    @Argument(help: "The file; - or nothing: standard input.") var file: String?
    @Option(help: "Settings file (default: MARTLET_CONFIG).") var config: String?
    @Option(help: "A setting by its key, such as producer.batch=500; repeatable.") var set: [String] = []
    @Option(help: "ndjson or csv (default: by the name, else by the first character).") var format: String?
    @Option(help: "Of CSV: one character, or tab (default: as in the header).") var delimiter: String?
    @Option(help: "The file is of people: they become this audience, in place of one of the same name.") var audience: String?
    @Option(help: "What a column or key of the file is called here, such as phone=recipient; repeatable.") var map: [String] = []
    @Option(name: .customLong("class"), help: "For records without one.") var messageClass: String?
    @Option(help: "For records without one.") var channel: String?
    @Option(help: "For records without one.") var template: String?
    @Option(help: "For records without one.") var locale: String?
    @Option(help: "For records without one.") var sender: String?
    @Option(help: "For records without one.") var groupKey: String?
    @Option(help: "For records without one.") var timeZone: String?
    @Option(help: "Name of the import (default: file name, size, beginning); standard input needs one.") var importId: String?
    @Option(help: "Reject file (default: FILE.rejects.ndjson).") var rejects: String?
    @Flag(help: "Leave the records themselves out of the reject file.") var noRecord = false
    @Flag(help: "Check the whole file first; stop at the first reject.") var strict = false
    @Option(help: "Recipients that come twice: warn (the default), reject or ignore.") var duplicates: DuplicatePolicy?
    @Flag(inversion: .prefixedNo, help: "Refuse what no pushed template can render.") var checkTemplate = true
    @Flag(help: "Validate only; with --policy and --templates estimate segments and cost too.") var dryRun = false
    @Option(help: "With --dry-run: directory of policy files.") var policy: String?
    @Option(help: "With --dry-run: directory of templates.") var templates: String?
    @Flag(help: "The summary as one JSON object.") var json = false
    @Flag(help: "No progress.") var quiet = false

    static func main() async {
        await main(SettingFlags.spelledOut(Array(CommandLine.arguments.dropFirst()), ProducerSettings.descriptions))
    }

    func run() async throws {
        let console = Console(environment: ProcessInfo.processInfo.environment, isQuiet: quiet, file: file)
        do {
            let report = try await report(console)
            console.conclude(json ? report.json : report.text)
            throw ExitCode(report.exitCode)
        } catch let code as ExitCode { throw code } catch {
            console.say("\(error)")
            throw ExitCode(
                (error as? ProducerError)?.exitCode ?? (error is ConfigErrors ? 78 : error is SettingFlagError ? 64 : 70))
        }
    }

    private func report(_ console: Console) async throws -> Report {
        let flags = try SettingFlags.values(set, config: config, ProducerSettings.descriptions)
        let settings = try ProducerSettings(
            from: SettingSources(readingFileOf: flags, environment: ProcessInfo.processInfo.environment))
        for warning in settings.warnings { console.say(warning) }
        var options = ImportOptions(path: file == "-" ? nil : file)
        try options.setFormat(format, delimiter: delimiter, names: map)
        options.defaults = [
            "class": messageClass, "channel": channel, "template": template, "locale": locale, "sender": sender,
            "group_key": groupKey, "time_zone": timeZone,
        ].compactMapValues(\.self)
        (options.importID, options.rejectsPath, options.keepsRecords) = (importId, rejects, !noRecord)
        (options.isStrict, options.checksTemplates) = (strict, checkTemplate)
        try options.setAudience(audience, duplicates: duplicates, estimates: policy != nil || templates != nil)
        options.setLimits(settings)
        let (stop, interruption) = Interruption.begin()
        defer { withExtendedLifetime(interruption) {} }
        if dryRun {
            return try await Report(DryRun(options, policy: policy, templates: templates, stop: stop, show: console.take).run())
        }
        let database = Database(settings.database.options(connections: settings.connections))
        return try await Report(Importer(options, database: database, stop: stop, show: console.take).run())
    }
}
