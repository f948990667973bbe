import ArgumentParser
import Operations

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
