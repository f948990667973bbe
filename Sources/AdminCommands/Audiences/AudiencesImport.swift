import ArgumentParser
import Operations

struct AudiencesImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a list from a CSV or NDJSON file, plain or gzip; in place of one of the same name.",
        discussion: """
            Columns: person (else the address), sms, email, addresses (a JSON object by channel), locale, time_zone, tier, variables; all other columns are
            variables of the texts. Lines that cannot be used and doubles are told with line and field, in FILE.rejects.ndjson and by audiences show.
            Interrupted and run again it goes on where it was. martlet-producer --audience NAME FILE is the same for those who are no admins.

            EXAMPLES
              martlet audiences import gold customers.csv
              martlet audiences import gold export.csv.gz --map phone=sms --map customer_no=person --time-zone Asia/Shanghai
            """)
    @Argument(help: "Its name.") var name: String
    @Argument(help: "The file.", completion: .file()) var file: String
    @Option(name: .long, help: "What a column of the file is called here, such as phone=sms; repeatable.") var map: [String] = []
    @Option(name: .long, help: "For people without one.") var locale: String?
    @Option(name: .long, help: "For people without one.") var timeZone: String?
    @Option(name: .long, help: "Name of the import (default: file name, size, beginning).") var importId: String?
    @Option(name: .long, help: "Reject file (default: FILE.rejects.ndjson).") var rejects: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        var useCase = ImportPeople(name: name, file: file, names: map)
        (useCase.locale, useCase.timeZone, useCase.importID, useCase.rejectsPath) = (locale, timeZone, importId, rejects)
        let output = try await shared.run(useCase)
        if shared.json { return Terminal.out.json(output.json) }
        Terminal.out.line("\(name): \(output.members) members, \(output.rejected) rejected", .green)
        for reason in output.reasons { Terminal.out.line("  " + reason) }
        if let path = output.rejectsPath { Terminal.out.line("  each with its line and field in \(path)") }
    }
}
