import ArgumentParser
import Operations

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is wrong with this installation, and what to do.",
        discussion: """
            Changes nothing. Exits with 1 when something is bad, with 0 when there are only warnings. What it could not look at is a warning: \
            with pg_monitor a role sees transactions of other roles and the size of the WAL.

            CHECKS
              reachable, server_version, primary, durability, autovacuum, clock
              schema, role
              prepared_transactions, transactions: what holds back cleaning up
              connections, locks: near a limit of server, database or role
              replication_slots: slots without a reader keep WAL
              synchronous_standby: each commit waits for it
              disk, wal_archive: sizes of database and WAL, and archiving
              jit: as services get it in this database
              policy, policy_use, templates: do all workers use what is newest?
              template_locales: templates that fit the locale of no sender
              workers, stale_workers, worker_versions
              providers, provider_NAME: paused, circuit open, cannot be opened
              lanes, lane_N, leases, due, ring_KIND: what waits too long
              partitions, default_partitions, retention, time_zones
              inbound_texts, events, dead_letters: what a person should look at

            EXAMPLES
              martlet doctor
              martlet doctor --json | jq '.findings[] | select(.grade != "ok")'
            """)
    @Flag(name: .long, help: "Only what is not ok.")
    var quiet = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let report: ExamineCluster.Output
        do {
            report = try await shared.run(ExamineCluster(), checksSchema: false)
        } catch let error as OperationError where error.kind == .unavailable {
            report = ExamineCluster.unreachable(error)
        }
        shared.show(report) { show(report) }
        if !report.isHealthy { throw ExitCode(AdminExit.notFound.rawValue) }
    }

    private func show(_ report: ExamineCluster.Output) {
        let out = Terminal.out
        for finding in report.findings where !quiet || finding.grade != .ok {
            let grade = finding.grade.rawValue
            let blanks = String(repeating: " ", count: 5 - grade.count)
            out.line("\(out.styled(grade, finding.grade.style))\(blanks)\(finding.check): \(Printable.line(finding.found))")
            if !finding.remedy.isEmpty { out.line("     → \(Printable.line(finding.remedy))") }
        }
        let counts = Finding.Grade.allCases.map { grade in "\(report.findings.count { $0.grade == grade }) \(grade.rawValue)" }
        out.line(counts.joined(separator: ", "), report.isHealthy ? .bold : .red)
    }
}

extension Finding.Grade {
    fileprivate var style: Style {
        switch self {
        case .ok: .green
        case .warn: .yellow
        case .bad: .red
        }
    }
}
