/// The calls between two syncs: one round trip, one answer, and outside an explicit transaction one implicit one.
///
/// Used on the connection's loop only.
final class CallGroup {
    let id: UInt64
    /// What to call the group in errors.
    var name: String { calls.count == 1 ? calls[0].name : calls.map(\.name).joined(separator: "+") }
    let calls: [PQCall]
    /// `monotonicNow()` by which the answer must be there.
    let deadline: Int64
    let allowed: Duration
    let hasCommit: Bool
    /// Cancelling the task does not end it: rollbacks, and what we send for ourselves.
    let isShielded: Bool
    var continuation: CheckedContinuation<[PQRows], any Error>?

    /// The call whose answer is being read; `calls.count` is the sync.
    var position = 0
    var isBoundary = false
    var rows: [PQRows] = []
    var error: PQError?
    var commitAnswered = false
    /// Set for the group that prepares a statement ahead of the group that uses it.
    var preparing: PreparedStatement?
    var statements: [PreparedStatement?] = []

    init(id: UInt64, calls: [PQCall], deadline: Int64, allowed: Duration, isShielded: Bool) {
        self.id = id
        self.calls = calls
        self.deadline = deadline
        self.allowed = allowed
        self.isShielded = isShielded
        hasCommit = calls.contains { $0.kind == .commit }
        rows.reserveCapacity(calls.count)
    }

    /// What the caller learns when the connection ends before the answer.
    func lost(_ cause: String, sent: Bool) -> PQError {
        if let error { return error }
        if sent && hasCommit { return .commitUnknown(statement: name, cause: cause) }
        return .connectionLost(statement: name, cause: cause, mayHaveRun: sent)
    }

    func late(sent: Bool) -> PQError {
        if let error { return error }
        if sent && hasCommit { return .commitUnknown(statement: name, cause: "no answer within \(allowed.readable)") }
        return .deadlineExceeded(statement: name, after: allowed, mayHaveRun: sent)
    }

    /// A commit that was answered before the connection ended is a commit.
    var isComplete: Bool { error == nil && commitAnswered && rows.count == calls.count }

    func finish(_ result: Result<[PQRows], PQError>) {
        continuation?.resume(with: result.mapError { $0 as any Error })
        continuation = nil
    }
}

/// A statement prepared, or being prepared, on one connection.
final class PreparedStatement {
    struct Key: Hashable {
        let name: String
        let sql: String
        let types: [UInt32]

        // The whole text is compared, but only the name is hashed: it nearly always decides.
        func hash(into hasher: inout Hasher) { hasher.combine(name) }

        /// What it is called on the server: the same for the same text and types, so that where a pooler lends one server connection to
        /// several clients behind their backs, a name can stand for no other statement than this one. 128 bits of FNV-1a.
        var serverName: String {
            var (first, second): (UInt64, UInt64) = (0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142)
            func take(_ byte: UInt8) {
                first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
                second = (second &* 0x100_0000_01b3) ^ UInt64(byte)
            }
            for byte in name.utf8 { take(byte) }
            take(0)
            for byte in sql.utf8 { take(byte) }
            for type in types { for shift in [0, 8, 16, 24] as [UInt32] { take(UInt8(truncatingIfNeeded: type >> shift)) } }
            return "m\(String(first, radix: 36))\(String(second, radix: 36))"
        }
    }

    let key: Key
    let serverName: String
    var failure: PQError?

    init(key: Key, serverName: String) {
        self.key = key
        self.serverName = serverName
    }
}

/// First in, first out, without moving the rest.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }
    var all: [Element] { elements[head...].compactMap { $0 } }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult
    mutating func removeFirst() -> Element {
        let element = elements[head]!
        elements[head] = nil
        head += 1
        if head == elements.count || head > 1_024 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll(where condition: (Element) -> Bool) {
        elements = elements[head...].filter { !condition($0!) }
        head = 0
    }
}
