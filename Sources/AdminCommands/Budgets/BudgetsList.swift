import ArgumentParser
import Domain
import Operations
import Store

struct BudgetsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budgets", abstract: "Budgets of a day: what is used, what is left, when they renew.",
        subcommands: [BudgetsList.self], defaultSubcommand: BudgetsList.self)
}

struct BudgetsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every budget with what is used of it today.",
        discussion: """
            Used is the amount of messages that were admitted and did not give it back: messages in flight and in doubt count, refused and
            failed ones do not.
            A budget that each group has for itself has one row for each group that used some of it today.

            EXAMPLES
              martlet budgets list
              martlet budgets list --provider sandbox-sms
              martlet budgets --json | jq '.[] | select(.left == 0) | .name'
            """)
    @Option(name: .long, help: "Only budgets that count messages of this provider.")
    var provider: String?
    @Option(name: .long, help: "At most so many rows, 1 … 10000.")
    var limit = 1000
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let found = try await shared.run(ShowBudgets(provider: provider, limit: limit))
        shared.show(found) {
            guard !found.budgets.isEmpty else { return Terminal.out.line("no budgets: budgets.yaml has none") }
            Terminal.out.table(BudgetsList.table(found.budgets, now: found.now))
        }
    }

    static func table(_ budgets: [ListBudgets.Budget], now: Timestamp) -> Table {
        var table = Table("budget", "group", "#used", "#left", "#of", "over", "renews")
        for budget in budgets {
            let left = Table.Cell(amountText(budget.left, unit: budget.unit), budget.left == 0 ? .yellow : .plain)
            table.add(
                "\(budget.name)", "\(budget.group ?? "")", "\(amountText(budget.used, unit: budget.unit))", left,
                "\(amountText(budget.limit, unit: budget.unit))", "\(budget.over)",
                "\(budget.renewsAt.shown), \(budget.renewsAt.relative(to: now))")
        }
        return table
    }
}
