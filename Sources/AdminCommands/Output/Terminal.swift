import Foundation
import Glibc
import Operations
import Text

/// Where a command writes: results to standard output, all else to standard error.
struct Terminal: Sendable {
    let descriptor: Int32
    let isTerminal: Bool
    /// Only on a terminal, and never with NO_COLOR (no-color.org) or TERM=dumb.
    let colours: Bool

    init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        colours = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    static let out = Terminal(descriptor: STDOUT_FILENO)
    static let error = Terminal(descriptor: STDERR_FILENO)

    func line(_ text: String = "", _ style: Style = .plain) { write(style.apply(text, colours) + "\n") }

    /// In its narrow form where the terminal is too narrow for it; `none` when it has no row.
    func table(_ table: Table) { write(table.lines(colours: colours, width: size?.columns).map { $0 + "\n" }.joined()) }

    /// nil: no terminal, so that nothing is too wide.
    var size: (columns: Int, rows: Int)? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    func json(_ value: JSONValue) { write(value.text + "\n") }

    func styled(_ text: String, _ style: Style) -> String { style.apply(text, colours) }

    /// Overwrites the current line; nothing when the output is no terminal.
    func progress(_ text: String) {
        if isTerminal { write("\r\(text)\u{1B}[K") }
    }
    func endProgress() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    func write(_ text: String) {
        if descriptor == STDOUT_FILENO, Frame.takes(text) { return }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                // The reader is gone (`martlet … | head`) or the disk is full: no reader is left.
                guard errno == EINTR else { return }
                continue
            }
            bytes = bytes.dropFirst(written)
        }
    }
}

/// Asks before what cannot be undone.
enum Confirmation {
    /// - Throws: `OperationError` with exit code 75 when the answer is no, or there is no terminal to ask at.
    static func ask(_ question: String, yes: Bool) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw OperationError(
                .cancelled, "\(question) There is no terminal to answer at, so nothing was changed.",
                hint: "Pass --yes to go ahead.")
        }
        Terminal.error.progress("\(question) [y/N] ")
        let answer = readLine(strippingNewline: true)?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else { throw OperationError(.cancelled, "Cancelled; nothing was changed.") }
    }
}
