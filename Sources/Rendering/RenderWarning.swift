/// Something an admin should see although the message goes out.
public enum RenderWarning: Sendable, Equatable, CustomStringConvertible {
    case overlong(segments: Int, limit: Int)
    /// `word` is nil when the class erases bodies.
    case word(list: String, word: String?)
    /// The class asks for a signature, the sender has none for this address.
    case noSignature(sender: String)
    /// The class asks for an opt-out phrase, the sender has none for this address.
    case noOptOutPhrase(sender: String)

    public var code: String {
        switch self {
        case .overlong: "overlong"
        case .word: "warned_word"
        case .noSignature: "no_signature"
        case .noOptOutPhrase: "no_opt_out_phrase"
        }
    }

    public var description: String {
        switch self {
        case .overlong(let segments, let limit): "the text needs \(segments) SMS segments, more than the class's \(limit)"
        case .word(let list, let word): "the text contains \(word.map { "`\($0)`" } ?? "a word") of list `\(list)`"
        case .noSignature(let sender): "sender `\(sender)` has no signature for this country prefix"
        case .noOptOutPhrase(let sender): "sender `\(sender)` has no opt-out phrase for this country prefix"
        }
    }
}
