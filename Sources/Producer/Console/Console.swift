import Glibc
import Synchronization

/// Says on standard error how an import goes: a bar on a terminal, else a plain line every five seconds.
public final class Console: Sendable {
    private struct State {
        var progress = Progress()
        var started: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        var lastTrouble = ""
        var isBarShown = false
    }
    private let isTerminal: Bool
    private let hasColour: Bool
    private let isQuiet: Bool
    private let clock = ContinuousClock()
    private let state: Mutex<State>

    /// - Parameter environment: `NO_COLOR` (no-color.org) and `TERM=dumb` are respected.
    /// - Parameter file: what is read; nil: standard input, and a person who types at a terminal is told so.
    public init(environment: [String: String], isQuiet: Bool = false, file: String? = "-") {
        isTerminal = isatty(2) == 1 && environment["TERM"] != "dumb"
        hasColour = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        self.isQuiet = isQuiet
        state = Mutex(State(started: clock.now, last: clock.now))
        if file == nil, isatty(0) == 1, !isQuiet {
            say("reading records from this terminal; Ctrl-D ends them. To read a file, name it")
        }
    }

    public func take(_ event: ImportEvent) {
        state.withLock { state in
            state.progress.take(event)
            let now = clock.now
            switch event {
            case .began(let name, let done, _):
                state.started = now
                let from = done > 0 ? ", going on after line \(Progress.grouped(done))" : ""
                if !isQuiet { write("import \(name)\(from)\n") }
            case .advanced:
                guard !isQuiet, now - state.last >= (isTerminal ? .milliseconds(200) : .seconds(5)) else { return }
                state.last = now
                if isTerminal {
                    let bar = state.progress.bar(after: now - state.started)
                    write("\r\u{1B}[K" + (hasColour ? "\u{1B}[32m\(bar)\u{1B}[0m" : bar))
                    state.isBarShown = true
                } else {
                    write(state.progress.line(after: now - state.started) + "\n")
                }
            case .trouble(let text):
                // The same again and again is said once.
                guard text != state.lastTrouble else { return }
                state.lastTrouble = text
                write((state.isBarShown ? "\r\u{1B}[K" : "") + "martlet-producer: \(text)\n")
            }
        }
    }

    /// Removes the bar.
    public func finish() {
        state.withLock { state in
            if state.isBarShown { write("\r\u{1B}[K") }
            state.isBarShown = false
        }
    }

    public func say(_ text: String) {
        finish()
        write("martlet-producer: \(text)\n")
    }

    /// The summary, on standard output.
    public func conclude(_ text: String) {
        finish()
        write(text + "\n", to: 1)
    }

    private func write(_ text: String, to descriptor: Int32 = 2) {
        var text = text
        // What cannot be said (standard error is closed) is no reason to stop importing.
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
