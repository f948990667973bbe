import ArgumentParser
import Foundation
import Operations
import Settings
import Text

/// `martlet`: what admins and operators do by hand.
public struct Martlet: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "Look after a Martlet cluster: schema, policy, templates, messages, dead letters.",
        discussion: """
            The database is named by MARTLET_DATABASE_URL, by --database-url-file, or by libpq's PG* variables.

            EXAMPLES
              martlet migrate up
              martlet config apply --config Config --why "marketing cap 4 per 30 days"
              martlet message find +8613800138000
              martlet dead-letters list --reason attempts_exhausted
              martlet providers test mailhub --to me@example.com --send
              martlet doctor

            EXIT CODES
              0   done; a list may be empty
              1   not found; doctor: something is bad; providers test: a step failed
              2   refused by the contract (the message says why, the hint what to do)
              64  usage
              65  invalid configuration (file, line, field)
              69  database unavailable
              70  a fault of Martlet itself
              75  cancelled: the question was not answered with yes; --wait: not in time
              77  not permitted (the role that is needed is named)
              78  the schema of the database is not the one this binary knows

            Times are UTC. Colours only on a terminal, never with NO_COLOR. Completion for your shell:
              martlet --generate-completion-script bash|zsh|fish
            """,
        version: martletVersion,
        subcommands: [
            MigrateGroup.self, ConfigGroup.self, ProvidersGroup.self, TemplatesGroup.self, MessageGroup.self,
            DeadLettersGroup.self, JobsGroup.self, LanesGroup.self, ClusterGroup.self,
            Top.self, SLO.self, Report.self, Workers.self, AuditGroup.self, InboundGroup.self, WebhooksGroup.self,
            MessageEnqueue.self, CapsGroup.self, BudgetsGroup.self, SuppressionsGroup.self,
            CampaignsGroup.self, JourneysGroup.self, AudiencesGroup.self, CodesGroup.self, Why.self, Doctor.self,
        ])

    public init() {}

    /// Runs the command line and ends the process with its exit code.
    public static func runAndExit(_ arguments: [String]) async -> Never {
        do {
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch let error as OperationError {
            end(error, arguments)
        } catch let error as ConfigErrors {
            end(OperationError(error), arguments)
        } catch {
            let asked = exitCode(for: error)
            guard asked == .validationFailure else { exit(withError: error) }
            var usage = message(for: error)
            if let unknown = Suggestions.unknownCommand(in: arguments) { usage = unknown }
            guard arguments.contains("--json") else {
                if usage == message(for: error) { exit(withError: error) }
                Terminal.error.line("Error: \(usage)\nSee `martlet --help`.")
                Foundation.exit(asked.rawValue)
            }
            Terminal.error.json(["error": ["code": "usage", "message": .string(usage), "hint": .null, "sqlstate": .null]])
            Foundation.exit(asked.rawValue)
        }
    }

    private static func end(_ error: OperationError, _ arguments: [String]) -> Never {
        error.report(asJSON: arguments.contains("--json"))
        Foundation.exit(error.exit.rawValue)
    }
}
