import Domain
import Text

/// The contents of each channel.
extension Renderer {
    func text(
        _ template: ParsedTemplate, _ program: Program, _ part: TemplatePlace.Part, _ variables: Variables
    ) throws(RenderError) -> String {
        var output: [UInt8] = []
        try template.run(program, part, variables, limits, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    func sms(
        _ message: Message, _ template: ParsedTemplate, _ variables: Variables, _ rules: PreparedClass,
        _ sender: PreparedSender, _ links: LinkExpansion?, _ warnings: inout [RenderWarning]
    ) throws(RenderError) -> SMSText {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        try template.run(template.body, .body, variables, limits, into: &output)
        if rules.requiresSignature {
            if let signature = Prefix.longest(sender.signatures, for: message.address, prefix: \.prefix) {
                if !UTF8Text.has(signature.core, in: output, at: 0) { output.insert(contentsOf: signature.bytes, at: 0) }
            } else {
                warnings.append(.noSignature(sender: sender.sender.key))
            }
        }
        var wayOut: [UInt8] = []
        if rules.requiresOptOut {
            if let phrase = Prefix.longest(sender.optOutPhrases, for: message.address, prefix: \.prefix) {
                if !UTF8Text.contains(phrase.core, in: output) { output.append(contentsOf: phrase.bytes) }
                wayOut = phrase.bytes
            } else {
                warnings.append(.noOptOutPhrase(sender: sender.sender.key))
            }
        }
        let written = String(decoding: output, as: UTF8.self)
        let text = Segmentation.split(links?.text(written, except: wayOut) ?? written)
        try checkLength(text, rules, &warnings)
        return text
    }

    private func checkLength(_ text: SMSText, _ rules: PreparedClass, _ warnings: inout [RenderWarning]) throws(RenderError) {
        let segments = text.parts.count
        if let limit = rules.maxSegments, segments > limit {
            if rules.rejectsOverlong { throw .overlong(segments: segments, limit: limit, by: "class \(rules.name)") }
            warnings.append(.overlong(segments: segments, limit: limit))
        }
        guard segments <= RenderLimits.segments else {
            throw .overlong(segments: segments, limit: RenderLimits.segments, by: "the SMS standard")
        }
    }

    func email(
        _ message: Message, _ template: ParsedTemplate, _ variables: Variables, _ sender: Sender,
        _ links: LinkExpansion?
    ) throws(RenderError) -> EmailContent {
        guard let program = template.subject else {
            throw .wrongChannel(template: TemplatePlace(template.template, part: .subject, line: 1), message: message.channel)
        }
        let subject = try text(template, program, .subject, variables)
        guard !subject.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
            throw .lineBreakInSubject(at: TemplatePlace(template.template, part: .subject, line: 1))
        }
        var body = try text(template, template.body, .body, variables)
        var html: String?
        if let program = template.html { html = try text(template, program, .html, variables) }
        if let links {
            links.keep(subject)
            body = links.text(body)
            html = html.map { links.html($0) }
        }
        var content = EmailContent(subject: subject, text: body, html: html, replyTo: sender.replyTo)
        if let headers = message.headers { content.headers = try Headers.read(headers) }
        if let index = content.headers.firstIndex(where: { $0.name.lowercased() == "reply-to" }) {
            content.replyTo = content.headers.remove(at: index).value
        }
        return content
    }
}

extension RenderedMessage.Content {
    /// All that a recipient may read.
    var texts: [String] {
        switch self {
        case .sms(let sms): [sms.text]
        case .email(let email): [email.subject, email.text] + (email.html.map { [$0] } ?? [])
        case .http(let text): [text]
        }
    }
}
