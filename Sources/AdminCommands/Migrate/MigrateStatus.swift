import ArgumentParser
import Operations
import Store

struct MigrateStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show every migration: applied, pending, changed, newer or unknown.",
        discussion: """
            EXAMPLES
              martlet migrate status
              martlet migrate status --json | jq '.migrations[] | select(.state == "pending")'
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let status = try await shared.run(ShowSchema(), checksSchema: false)
        shared.show(status) { show(status) }
    }

    private func show(_ status: MigrationStatus) {
        let out = Terminal.out
        var table = Table("migration", "state", "applied (UTC)")
        for entry in status.entries {
            let style: Style =
                switch entry.state {
                case .applied: .green
                case .pending, .newer: .yellow
                case .changed, .unknown: .red
                }
            table.add("\(entry.name)", Table.Cell(entry.state.rawValue, style), "\(entry.appliedAt ?? "")")
        }
        out.table(table)
        if !status.pendingObjects.isEmpty {
            out.line("functions and views to be made: \(status.pendingObjects.joined(separator: ", "))")
        }
        if !status.newerObjects.isEmpty {
            out.line("functions and views that a newer binary brought: \(status.newerObjects.joined(separator: ", "))")
        }
        out.line()
        out.line(status.misfit ?? "This binary and this database fit.", status.misfit == nil ? .green : .yellow)
    }
}
