import Domain

/// What Render needs of a class, worked out once. A class and not a struct: it is looked up per message, and copying its fields
/// would cost more than the rendering of a section.
final class PreparedClass: Sendable {
    let name: String
    let required: [VariablePath]
    let requiresSignature: Bool
    let requiresOptOut: Bool
    let maxSegments: Int?
    let rejectsOverlong: Bool
    let erasesBody: Bool
    let sender: String?
    /// nil: nothing is tracked.
    let tracking: LinkTracking?

    init(_ policy: ClassPolicy) {
        name = policy.name
        required = policy.requiredVariables.map(VariablePath.init)
        requiresSignature = policy.requiresSignature
        requiresOptOut = policy.requiresOptOut
        maxSegments = policy.maxSegments
        rejectsOverlong = policy.rejectsOverlong
        erasesBody = policy.erasesBody
        sender = policy.sender
        // Whatever the policy says: what is erased is never kept as a link.
        tracking = policy.erasesBody ? nil : policy.tracking
    }
}

/// What Render needs of a sender, worked out once; a class for the same reason.
final class PreparedSender: Sendable {
    /// A literal text for one country.
    struct Literal: Sendable {
        var prefix: String
        var bytes: [UInt8]
        /// Without white space at its ends: what is looked for to see whether it is there already.
        var core: [UInt8]
    }
    let sender: Sender
    let signatures: [Literal]
    let optOutPhrases: [Literal]

    init(_ sender: Sender) {
        self.sender = sender
        self.signatures = Self.literals(sender.signatures)
        self.optOutPhrases = Self.literals(sender.optOutPhrases)
    }

    private static func literals(_ texts: [String: String]) -> [Literal] {
        texts.map { prefix, text in
            let bytes = Array(text.utf8)
            let core = bytes.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
            return Literal(prefix: prefix, bytes: bytes, core: Array(core))
        }
    }
}
