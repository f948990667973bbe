import ArgumentParser
import Operations
import Store

struct MigrateValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Exit with 0 when this binary and this database fit, else with 78.",
        discussion: """
            Workers check the same before they start: is every migration applied, with the very text this binary has, and
            none that it does not know, unless that one says that older binaries keep working?

            EXAMPLES
              martlet migrate validate && systemctl start martlet-worker@1
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let status = try await shared.run(ShowSchema(), checksSchema: false)
        shared.show(status) {
            guard status.misfit == nil else { return }
            Terminal.out.line("This binary and this database fit: schema \(status.entries.last?.version ?? 0).")
        }
        if let misfit = status.misfit { throw OperationError(.schemaMismatch, misfit) }
    }
}
