/// A value that never appears in logs, errors or a debugger's dump.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String
    public init(_ value: String) { self.value = value }
    /// The value itself, for the one call that needs it.
    public func reveal() -> String { value }
    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// `text` with the passwords of PostgreSQL URLs and conninfo strings replaced by `***`; rather too much than too little.
public func redactedConnection(_ text: String) -> String {
    // A password may hold an unescaped @ or /: everything up to the last @ of the word belongs to user and password.
    let inURL = /(?<start>postgres(?:ql)?:\/\/[^\s:@\/]*):\S*@/
    let inQuery = /(?<start>[?&](?:password|sslpassword|oauth_client_secret)=)[^&\s]*/.ignoresCase()
    let inPairs =
        /(?<start>\b(?:password|sslpassword|oauth_client_secret)\s*=\s*)(?:'(?:[^'\\]|\\.)*'?|(?:[^\s'\\&]|\\.)(?:[^\s\\&]|\\.)*)/
        .ignoresCase()
    return
        text
        .replacing(inURL) { "\($0.start):***@" }
        .replacing(inQuery) { "\($0.start)***" }
        .replacing(inPairs) { "\($0.start)***" }
}
