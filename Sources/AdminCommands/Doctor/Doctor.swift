import ArgumentParser
import Domain
import Foundation
import Settings
import Store

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is wrong with this installation, and what to do.",
        discussion: """
            Looks at the server, the schema, the policy, workers, lanes, partitions, transactions and dead letters. Changes nothing.
            Exits with 1 when something is bad, with 0 when there are only warnings.

            EXAMPLES
              martlet doctor
              martlet doctor --json | jq '.findings[] | select(.grade != "ok")'
            """)
    @Flag(name: .long, help: "Only what is not ok.")
    var quiet = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        var findings: [Finding] = []
        do {
            findings = try await shared.withDatabase(.admin, checksSchema: false, deadline: .seconds(60)) {
                try await examine($0)
            }
        } catch let error as AdminError where error.exit == .unavailable {
            let remedy = "Start the server, or correct MARTLET_DATABASE_URL (or --database-url-file, PGHOST, PGDATABASE, …)."
            findings = [.bad("reachable", error.message, remedy)]
        }
        let isBad = findings.contains { $0.grade == .bad }
        show(findings)
        if isBad { throw ExitCode(AdminExit.notFound.rawValue) }
    }

    private func examine(_ database: Database) async throws -> [Finding] {
        let before = ContinuousClock.now
        let facts = try await database.run(ServerFacts())
        // The middle of the round trip is when the server read its clock, as well as we can tell.
        let local = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) - (ContinuousClock.now - before) / 2
        var findings: [Finding] = [.ok("reachable", "yes")] + ServerChecks.run(facts, local: local)
        let status = try await Migrator(database).status()
        if let misfit = status.misfit {
            return findings + [
                .bad("schema", misfit, "`martlet migrate status` shows more. What needs the schema was not looked at.")
            ]
        }
        findings.append(.ok("schema", "\(status.entries.last?.version ?? 0), as this binary wants"))
        let rights = try await database.run(CurrentRights())
        guard rights.isAdmin else {
            let remedy = "grant martlet_admin to \(rights.user), or connect with a role that has it. The rest was not looked at."
            return findings + [.bad("role", "\(rights.user) is not martlet_admin", remedy)]
        }
        findings.append(
            rights.isSuperuser
                ? .warn("role", "\(rights.user) is a superuser", "Daily work needs only a role with martlet_admin.")
                : .ok("role", "\(rights.user) has martlet_admin"))
        return try await findings + cluster(database, rights)
    }

    private func cluster(_ database: Database, _ rights: CurrentRights.Answer) async throws -> [Finding] {
        let templates = try await database.run(LoadTemplates())
        let (policyFindings, policy) = ClusterChecks.policy(try await database.run(LoadPolicy()), templates: templates.count)
        let lanes = try await database.run(ListLanes())
        let waiting = lanes.reduce(0) { $0 + $1.ready + $1.due }
        var findings = policyFindings
        findings += ClusterChecks.workers(try await database.run(ListWorkers(all: false)), waiting: waiting)
        findings += ClusterChecks.lanes(lanes, policy: policy, now: try await database.run(CurrentRights()).now)
        findings += ClusterChecks.queue(try await database.run(QueueFacts()))
        findings.append(ClusterChecks.retention(try await database.run(HeldDays(keep: .seconds(35 * 86_400)))))
        findings += ClusterChecks.rings(try await database.run(RingFacts()))
        findings.append(
            ClusterChecks.transactions(
                try await database.run(OldTransactions()), seesAll: rights.seesActivity || rights.isSuperuser))
        findings.append(ClusterChecks.unreadable(try await database.run(UnreadableTexts())))
        findings.append(ClusterChecks.deadLetters(try await database.run(CountDeadLetters(filter: DeadLetterFilter()))))
        return findings
    }

    private func show(_ findings: [Finding]) {
        let out = Terminal.out
        let isBad = findings.contains { $0.grade == .bad }
        if shared.json {
            return out.json(["healthy": .bool(!isBad), "findings": .list(findings, \.json)])
        }
        for finding in findings where !quiet || finding.grade != .ok {
            let grade = finding.grade.rawValue
            let blanks = String(repeating: " ", count: 5 - grade.count)
            out.line("\(out.styled(grade, finding.grade.style))\(blanks)\(finding.check): \(Printable.line(finding.found))")
            if !finding.remedy.isEmpty { out.line("     → \(Printable.line(finding.remedy))") }
        }
        let counts = [Finding.Grade.ok, .warn, .bad].map { grade in "\(findings.count { $0.grade == grade }) \(grade.rawValue)" }
        out.line(counts.joined(separator: ", "), isBad ? .red : .bold)
    }
}
