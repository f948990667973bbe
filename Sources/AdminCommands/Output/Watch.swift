import ArgumentParser
import Domain
import Foundation
import Operations

/// Shows an answer again and again.
struct WatchOptions: ParsableArguments {
    @Flag(name: .long, help: "Show it again and again until Ctrl-C.")
    var watch = false
    @Option(name: .long, help: "With --watch: how often, 500ms … 1h.")
    var every = DurationArgument(argument: "2s")!

    func validate() throws {
        guard (Duration.milliseconds(500)...Duration.seconds(3600)).contains(every.duration) else {
            throw ValidationError("--every must be 500ms … 1h.")
        }
    }

    /// Does `body` once, or with `--watch` until the command is ended. On a terminal each answer takes the place of the one before.
    func run(_ body: () async throws -> Void) async throws {
        guard watch else { return try await body() }
        try await Watch(every: every.duration).run(body)
    }
}

struct Watch {
    var every: Duration

    func run(_ body: () async throws -> Void) async throws {
        while true {
            Frame.begin()
            do {
                try await body()
            } catch let error as OperationError where error.kind == .unavailable {
                // It may come back.
                Terminal.out.line("error: \(error)", .red)
            } catch {
                _ = Frame.end()
                throw error
            }
            let text = Frame.end()
            Terminal.out.write(Terminal.out.isTerminal ? screen(text) : text + "\n")
            try await ContinuousClock().sleep(for: every)
        }
    }

    /// From the top, each line to its end, nothing below it: so that it does not flicker.
    private func screen(_ text: String) -> String {
        let rows = max(2, Terminal.out.size?.rows ?? 24)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        if lines.count > rows - 1 { lines = lines.prefix(rows - 2) + ["… (the terminal is too short for the rest)"] }
        return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
