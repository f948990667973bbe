import NIOConcurrencyHelpers

/// A carrier that accepts everything, gives ids in hexadecimal and sends receipts with them in decimal, when and how often a test says.
/// What is not answered by `ok` it keeps, as carriers do, until it is told to send it again.
public final class ReceiptingCarrier: Sendable {
    /// One part that was accepted.
    public struct Accepted: Sendable, Hashable {
        public var id: Int
        /// The phone, without `+`.
        public var phone: String
    }
    private struct State {
        var accepted: [Accepted] = []
        var sequence: UInt32 = 0
        /// Sent and not taken yet, by line and sequence number.
        var open: [[UInt32]: String] = [:]
        var taken: [String] = []
        var refused = 0
        var server: ScriptedSMSC?
    }
    private let state = NIOLockedValueBox(State())
    private let early: Bool

    /// - Parameter early: receipts leave before the submit response, twice, over another bind; once more after it.
    private init(early: Bool) { self.early = early }

    public static func start(port: Int = 0, early: Bool = false) async throws -> ReceiptingCarrier {
        let carrier = ReceiptingCarrier(early: early)
        let server = try await ScriptedSMSC(port: port) { carrier.received($0, $1) }
        carrier.state.withLockedValue { $0.server = server }
        return carrier
    }

    public func stop() async throws { try await server?.stop() }
    private var server: ScriptedSMSC? { state.withLockedValue { $0.server } }
    public var port: Int { server?.port ?? 0 }
    public var binds: Int { server?.lines.count ?? 0 }
    public var accepted: [Accepted] { state.withLockedValue { $0.accepted } }
    /// Texts of the receipts that were taken, each as often as that happened.
    public var taken: [String] { state.withLockedValue { $0.taken } }
    /// deliver_sm that were answered with ESME_RX_T_APPN.
    public var refused: Int { state.withLockedValue { $0.refused } }
    /// Receipts that no client took yet.
    public var untaken: Int { state.withLockedValue { Set($0.open.values).count } }

    /// What phones that end with 9 get is not delivered.
    public static func receipt(_ part: Accepted) -> String {
        let isFailed = part.phone.hasSuffix("9")
        return
            "id:\(part.id) sub:001 dlvrd:00\(isFailed ? 0 : 1) submit date:2611220404 done date:2611220405 stat:\(isFailed ? "UNDELIV" : "DELIVRD") err:\(isFailed ? "011" : "000") text:\(part.phone)"
    }

    /// A receipt for each part that was accepted until now.
    public func sendReceipts() { for part in accepted { send(Self.receipt(part)) } }

    /// Everything that was sent and not taken, once more, over whatever bind there is.
    public func sendAgain() {
        let texts = state.withLockedValue { state in
            defer { state.open = [:] }
            return Set(state.open.values)
        }
        for text in texts { send(text) }
    }

    private func send(_ text: String, notOn other: Int? = nil) {
        guard let lines = server?.lines, let line = lines.first(where: { $0.number != other }) ?? lines.first else { return }
        let sequence = state.withLockedValue { state in
            state.sequence += 1
            state.open[[UInt32(line.number), state.sequence]] = text
            return state.sequence
        }
        let phone = text.split(separator: ":").last.map(String.init) ?? ""
        line.send(Frame.receipt(sequence, text, from: phone))
    }

    private func received(_ frame: Frame, _ line: ScriptedSMSC.Line) {
        if frame.command == 0x8000_0005 { return answered(frame, line) }
        guard frame.isSubmit else { return }
        let part = state.withLockedValue { state in
            let part = Accepted(id: 0xA000 + state.accepted.count, phone: frame.destination)
            state.accepted.append(part)
            return part
        }
        if early { for _ in 0..<2 { send(Self.receipt(part), notOn: line.number) } }
        line.send(frame.accepted("0" + String(part.id, radix: 16, uppercase: part.id % 2 == 0)))
        if early { send(Self.receipt(part)) }
    }

    private func answered(_ frame: Frame, _ line: ScriptedSMSC.Line) {
        state.withLockedValue { state in
            let key = [UInt32(line.number), frame.sequence]
            guard let text = state.open[key] else { return }
            if frame.status == 0 {
                state.open[key] = nil
                state.taken.append(text)
            } else if frame.status == 0x64 {
                state.refused += 1
            }
        }
    }
}
