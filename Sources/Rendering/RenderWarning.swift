import Domain

/// Something an admin should see although the message goes out.
public enum RenderWarning: Sendable, Equatable, CustomStringConvertible {
    case overlong(segments: Int, limit: Int)
    /// `word` is nil when the class erases bodies.
    case word(list: String, word: String?)
    /// The class asks for a signature, the sender has none for this address.
    case noSignature(sender: String)
    /// The class asks for an opt-out phrase, the sender has none for this address.
    case noOptOutPhrase(sender: String)
    /// The class tracks clicks, and some links of the message are as they were written.
    case untrackedLink(Untracked)

    public enum Untracked: String, Sendable, CaseIterable {
        /// What stands directly behind it may belong to it.
        case unclear
        case tooLong
        case tooMany
        /// No plain http or https address: a password in it, characters beyond ASCII.
        case odd
        /// The file with the secret could not be read.
        case noSecret
    }

    public var code: String {
        switch self {
        case .overlong: "overlong"
        case .word: "warned_word"
        case .noSignature: "no_signature"
        case .noOptOutPhrase: "no_opt_out_phrase"
        case .untrackedLink: "untracked_link"
        }
    }

    public var description: String {
        switch self {
        case .overlong(let segments, let limit): "the text needs \(segments) SMS segments, more than the class's \(limit)"
        case .word(let list, let word): "the text contains \(word.map { "`\($0)`" } ?? "a word") of list `\(list)`"
        case .noSignature(let sender): "sender `\(sender)` has no signature for this country prefix"
        case .noOptOutPhrase(let sender): "sender `\(sender)` has no opt-out phrase for this country prefix"
        case .untrackedLink(let why): "a link is not tracked: \(why.sentence)"
        }
    }
}

extension RenderWarning.Untracked {
    var sentence: String {
        switch self {
        case .unclear: "where it ends cannot be told; put a blank behind it"
        case .tooLong: "it is longer than \(LinkTracking.longestTarget) characters"
        case .tooMany: "it comes after \(LinkTracking.mostTargets) others"
        case .odd: "it is no plain http or https address in ASCII with host and port alone"
        case .noSecret: "secret_file of links.yaml could not be read"
        }
    }
}
