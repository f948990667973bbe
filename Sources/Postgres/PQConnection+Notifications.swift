import CLibPQ

/// What NOTIFY sent.
public struct PQNotification: Sendable, Equatable {
    public var channel: String
    public var payload: String
    /// The server process that sent it.
    public var backendPID: Int32
}

extension PQConnection {
    /// Notifications of a channel until the connection ends or the reader stops. The newest 1,024 wait for a slow reader. They are
    /// hints: one may be lost with the connection.
    public func listen(to name: String) async throws -> AsyncStream<PQNotification> {
        let (stream, continuation) = AsyncStream.makeStream(of: PQNotification.self, bufferingPolicy: .bufferingNewest(1_024))
        let id = nextID
        nextID += 1
        listeners[id] = (name, continuation)
        continuation.onTermination = { [weak self] _ in
            guard let self else { return }
            loop.perform { self.assumeIsolated { $0.listeners[id] = nil } }
        }
        let quoted = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        do {
            _ = try await query(PQCall("listen", "listen \"\(quoted)\"", prepared: false))
        } catch {
            continuation.finish()
            throw error
        }
        return stream
    }

    func deliverNotifications() {
        guard let handle, !listeners.isEmpty else { return }
        while let notify = PQnotifies(handle) {
            let notification = PQNotification(
                channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra),
                backendPID: notify.pointee.be_pid)
            PQfreemem(notify)
            for (channel, listener) in listeners.values where channel == notification.channel {
                listener.yield(notification)
            }
        }
    }
}
