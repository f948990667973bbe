import Glibc
import Synchronization

/// Where log lines go: one `write(2)` per line to a file descriptor, so that nothing is lost in a crash.
///
/// A reader that does not read must not stop the pipeline: when the descriptor takes nothing for 20 ms the line is dropped and
/// counted, and lines are dropped at once until it takes some again; the count is then written first.
public final class LogOutput: Sendable {
    /// Standard error.
    public static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private struct State {
        var dropped = 0
        /// Lines cut in the middle leave the next one to begin on a fresh line.
        var isCut = false
    }

    /// A pipe that is writable takes this much without blocking (PIPE_BUF).
    private static let chunk = 4096

    private let descriptor: Int32
    private let patience: Int32
    private let state = Mutex(State())

    /// - Parameter patience: how long a full descriptor is waited for, once, in whole milliseconds.
    public init(descriptor: Int32, patience: Duration = .milliseconds(20)) {
        self.descriptor = descriptor
        self.patience = Int32(
            clamping: patience.components.seconds * 1000 + patience.components.attoseconds / 1_000_000_000_000_000)
    }

    /// Lines that were not written since the last one that was.
    public var dropped: Int { state.withLock(\.dropped) }

    /// Writes `line` and a line break, or counts it as dropped. `notice` makes the line that tells how many were.
    func write(_ line: String, notice: (Int) -> String) {
        state.withLock { state in
            guard isWritable(wait: state.dropped == 0) else {
                state.dropped += 1
                return
            }
            var text = state.isCut ? "\n" : ""
            if state.dropped > 0 { text += notice(state.dropped) + "\n" }
            state.dropped = 0
            state.isCut = !writeAll(text + line + "\n")
        }
    }

    private func isWritable(wait: Bool) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&poller, 1, wait ? patience : 0) == 1 && poller.revents & Int16(POLLOUT) != 0
    }

    /// False when the descriptor stopped taking bytes in the middle.
    private func writeAll(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count {
                if offset > 0, !isWritable(wait: true) { return false }
                let count = Glibc.write(descriptor, bytes.baseAddress! + offset, min(bytes.count - offset, Self.chunk))
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return false }
                offset += count
            }
            return true
        }
    }
}
