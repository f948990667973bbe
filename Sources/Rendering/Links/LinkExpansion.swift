import Domain

/// Puts tracked links in place of the addresses in one message, and remembers which. A class, so that messages without one pay for a test of nil.
final class LinkExpansion {
    let rules: LinkRules
    let tracking: LinkTracking
    let tokens: LinkTokens
    let messageID: MessageID
    /// What the links lead to, in the order of their first coming; each once.
    private(set) var targets: [String] = []
    /// The texts as they were: what word lists look at, because a token says nothing.
    private(set) var originals: [String] = []
    private(set) var untracked: Set<RenderWarning.Untracked> = []
    private var links: [String: String] = [:]

    init(_ rules: LinkRules, _ tracking: LinkTracking, _ tokens: LinkTokens, _ messageID: MessageID) {
        self.rules = rules
        self.tracking = tracking
        self.tokens = tokens
        self.messageID = messageID
    }

    func keep(_ original: String) { originals.append(original) }

    /// - Parameter except: addresses in this text stay as they are (the sender's opt-out phrase).
    func text(_ text: String, except: [UInt8] = []) -> String {
        originals.append(text)
        guard tracking.clicks else { return text }
        let bytes = Array(text.utf8)
        let waysOut = Self.addresses(in: except)
        var output: [UInt8] = []
        var copied = 0
        var at = 0
        while let found = LinkScanner.next(in: bytes, from: at) {
            at = found.range.upperBound
            let target = bytes[found.range]
            if found.isUnclear {
                untracked.insert(.unclear)
            } else if !waysOut.contains(target), let link = link(to: target) {
                output += bytes[copied..<found.range.lowerBound]
                output += Array(link.utf8)
                copied = at
            }
        }
        return copied == 0 ? text : String(decoding: output + bytes[copied...], as: UTF8.self)
    }

    private static func addresses(in text: [UInt8]) -> Set<ArraySlice<UInt8>> {
        var found: Set<ArraySlice<UInt8>> = []
        var at = 0
        while let next = LinkScanner.next(in: text, from: at) {
            found.insert(text[next.range])
            at = next.range.upperBound
        }
        return found
    }

    func html(_ html: String) -> String {
        originals.append(html)
        let bytes = Array(html.utf8)
        var output: [UInt8] = []
        var copied = 0
        var values = HTMLLinks(bytes)
        while tracking.clicks, let value = values.next() {
            guard let target = HTMLAttribute.decoded(bytes[value.range]) else {
                untracked.insert(.odd)
                continue
            }
            guard let first = target.first, first | 0x20 == UInt8(ascii: "h"),
                LinkScanner.next(in: target, from: 0)?.range.lowerBound == 0, let link = link(to: target[...])
            else { continue }  // mailto:, tel:, a place in the page
            output += bytes[copied..<value.range.lowerBound]
            output += Array(link.utf8)
            copied = value.range.upperBound
        }
        output += bytes[copied...]
        if tracking.opens, let picture = picture {
            output.insert(contentsOf: picture.utf8, at: HTMLLinks.endOfBody(output) ?? output.count)
        }
        return String(decoding: output, as: UTF8.self)
    }

    private var picture: String? {
        rules.openURL.map {
            #"<img src="\#($0)/\#(tokens.open(messageID)).gif" width="1" height="1" alt="" style="display:block;border:0">"#
        }
    }

    /// nil: it stays as it is.
    private func link(to target: ArraySlice<UInt8>) -> String? {
        guard let base = rules.clickURL else { return nil }
        let address = String(decoding: target, as: UTF8.self)
        if let known = links[address] { return known }
        guard !rules.isExempt(Array(target)) else { return nil }
        guard target.count <= LinkTracking.longestTarget else { return leave(.tooLong) }
        guard LinkTarget.isPlain(target) else { return leave(.odd) }
        guard targets.count < LinkTracking.mostTargets else { return leave(.tooMany) }
        let link = base + "/" + tokens.click(messageID, address)
        targets.append(address)
        links[address] = link
        return link
    }

    private func leave(_ why: RenderWarning.Untracked) -> String? {
        untracked.insert(why)
        return nil
    }
}
