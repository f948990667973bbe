#if canImport(Glibc)
    import Glibc
#endif

/// Places at which a test can make a worker fail: `MARTLET_FAILPOINT=after_admit:kill`. In debug builds only; a release build with the
/// variable set refuses to start. `after_claim:kill@+4900` only when a message to an address with this beginning is there.
package enum Failpoint: String, CaseIterable, Sendable {
    case afterClaim = "after_claim"
    case afterAdmit = "after_admit"
    case afterSend = "after_send"
    case beforeRecord = "before_record"
    /// Events of providers are committed, and their carrier is not told yet.
    case afterEvents = "after_events"

    struct Injected: Error, CustomStringConvertible {
        var description: String { "a failpoint was set here" }
    }

    package enum Action: Equatable, Sendable {
        case kill, stop, error
        case delay(milliseconds: Int)
    }

    package static let variable = "MARTLET_FAILPOINT"

    #if DEBUG
        package static let isAllowed = true
        private static let setting = getenv(variable).flatMap { parse(String(cString: $0)) }

        /// Does what the variable says, if it names this place, and an address among these if it names any.
        package func reached(_ addresses: @autoclosure () -> [String]) async throws {
            guard let setting = Self.setting, setting.point == self else { return }
            if let prefix = setting.prefix, !addresses().contains(where: { $0.hasPrefix(prefix) }) { return }
            switch setting.action {
            case .kill: kill(getpid(), SIGKILL)
            case .stop: kill(getpid(), SIGSTOP)
            case .error: throw Injected()
            case .delay(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
            }
        }
    #else
        package static let isAllowed = false
        @inline(__always) package func reached(_ addresses: @autoclosure () -> [String]) async throws {}
    #endif

    /// `after_admit:kill`, `…:stop`, `…:error`, `…:delay=200`, each with `@ADDRESS` or without; nil: not understood.
    package static func parse(_ text: String) -> (point: Failpoint, action: Action, prefix: String?)? {
        let filtered = text.split(separator: "@", maxSplits: 1).map(String.init)
        let parts = (filtered.first ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let point = Failpoint(rawValue: parts[0]) else { return nil }
        let prefix = filtered.count == 2 ? filtered[1] : nil
        switch parts[1] {
        case "kill": return (point, .kill, prefix)
        case "stop": return (point, .stop, prefix)
        case "error": return (point, .error, prefix)
        default:
            guard parts[1].hasPrefix("delay="), let milliseconds = Int(parts[1].dropFirst(6)), milliseconds >= 0 else {
                return nil
            }
            return (point, .delay(milliseconds: milliseconds), prefix)
        }
    }
}
