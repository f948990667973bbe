import Foundation
import Glibc
import Synchronization

/// What a command writes to standard output, kept for a moment, so that it can be measured before it is shown.
enum Frame {
    private static let text = Mutex<String?>(nil)

    /// What `body` writes.
    static func of(_ body: () throws -> Void) rethrows -> String {
        begin()
        do { try body() } catch {
            _ = end()
            throw error
        }
        return end()
    }

    static func begin() { text.withLock { $0 = "" } }
    static func end() -> String {
        text.withLock { text in
            defer { text = nil }
            return text ?? ""
        }
    }
    static var isOpen: Bool { text.withLock { $0 != nil } }

    /// True: it is kept, and must not be written.
    static func takes(_ more: String) -> Bool {
        text.withLock { text in
            guard text != nil else { return false }
            text?.append(more)
            return true
        }
    }
}

/// Shows what is longer than the terminal page by page: by the program that PAGER names, else `less -FRX`.
enum Pager {
    static func show(_ body: () -> Void) {
        guard let size = Terminal.out.size, isatty(STDIN_FILENO) == 1, !Frame.isOpen else { return body() }
        let text = Frame.of(body)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        if lines < size.rows || !page(text) { Terminal.out.write(text) }
    }

    /// False: there is no such program.
    private static func page(_ text: String) -> Bool {
        let command = ProcessInfo.processInfo.environment["PAGER"] ?? "less -FRX"
        guard !command.isEmpty, command != "cat" else { return false }
        let pager = Process()
        pager.executableURL = URL(filePath: "/bin/sh")
        pager.arguments = ["-c", command]
        let pipe = Pipe()
        pager.standardInput = pipe
        // Ctrl-C is the pager's, and it may be left before it has read everything.
        signal(SIGINT, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGINT, SIG_DFL) }
        do {
            try pager.run()
            do { try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8)) } catch {}  // it was left early
            try pipe.fileHandleForWriting.close()
        } catch {
            return false
        }
        pager.waitUntilExit()
        return pager.terminationStatus != 127
    }
}
