import ArgumentParser
import Operations
import Store

struct ProvidersPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hand nothing over to a provider; its waiting messages go to other providers.",
        discussion: """
            Takes effect within two seconds. Messages that were admitted and not handed over go to other providers of their route. Where there
            is none they wait, and may expire. Messages that were handed over still get their answer.

            EXAMPLES
              martlet providers pause carrier-a --why "wrong sender id until they mend it"
            """)
    @OptionGroup var target: OrderArguments
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await target.give(.paused, "takes nothing any more; resume it with `martlet providers resume`", shared)
    }
}

struct ProvidersDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Give a provider nothing new; messages that were admitted for it are still handed over.",
        discussion: """
            EXAMPLES
              martlet providers drain carrier-a --why "contract ends tonight"
            """)
    @OptionGroup var target: OrderArguments
    @OptionGroup var shared: SharedOptions

    func run() async throws { try await target.give(.draining, "gets nothing new", shared) }
}

struct ProvidersMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Send everything that the routes give to this provider by another one.",
        discussion: """
            Waiting messages too. Until `martlet providers resume`, or a policy with other routes.

            EXAMPLES
              martlet providers move carrier-a --to carrier-b --why "carrier-a loses receipts"
            """)
    @OptionGroup var target: OrderArguments
    @Option(name: .customLong("to"), help: "The provider that takes them.", completion: .none)
    var other: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await target.give(.moved(to: other), "sends nothing; \(other) takes its messages", shared)
    }
}

struct ProvidersResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Use a paused, draining or moved provider again.",
        discussion: """
            EXAMPLES
              martlet providers resume carrier-a --why "mended"
            """)
    @OptionGroup var target: OrderArguments
    @OptionGroup var shared: SharedOptions

    func run() async throws { try await target.give(nil, "is in use", shared) }
}

/// What all orders about a provider have.
struct OrderArguments: ParsableArguments {
    @Argument(help: "Name of the provider in the policy.")
    var provider: String
    @Option(name: .long, help: "Why; shown to everybody who looks, and kept in the audit.")
    var why: String

    func give(_ order: ProviderOrder?, _ done: String, _ shared: SharedOptions) async throws {
        let output = try await shared.run(GiveProviderOrder(provider: provider, order: order, why: why))
        shared.show(output) { Terminal.out.line("\(provider) \(done)") }
    }
}
