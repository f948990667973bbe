import ArgumentParser
import Domain
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
        let (budgets, now) = try await shared.withDatabase(.reader) { [provider, limit] database in
            (
                try await database.run(ListBudgets(provider: provider, limit: limit)),
                try await database.run(CurrentRights()).now
            )
        }
        if shared.json { return Terminal.out.json(.list(budgets, \.json)) }
        guard !budgets.isEmpty else { return Terminal.out.line("no budgets: budgets.yaml has none") }
        Terminal.out.table(BudgetsList.table(budgets, now: now))
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

extension ListBudgets.Budget {
    var json: JSONValue {
        [
            "name": .string(name), "group": .text(group), "classes": .list(classes) { .string($0) },
            "channels": .list(channels) { .string($0) }, "providers": .list(providers) { .string($0) }, "unit": .string(unit),
            "limit": .int(limit), "used": .int(used), "left": .int(left), "over": .string(over), "time_zone": .string(timeZone),
            "renews_at": .time(renewsAt),
        ]
    }
}
