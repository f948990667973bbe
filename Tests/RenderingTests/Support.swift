import Domain
import Rendering

/// A channel of which a template is rendered as plain text, with nothing added.
let chat = Channel(rawValue: "chat")

func policy(
    _ changes: (inout ClassPolicy) -> Void = { _ in }, sender: (inout Sender) -> Void = { _ in }, wordLists: [WordList] = []
) -> Policy {
    var rules = ClassPolicy(
        name: "notification", lane: 2, timeToLive: .seconds(86_400),
        retry: RetrySchedule(attempts: 3, base: .seconds(1), limit: .seconds(60)))
    changes(&rules)
    var shop = Sender(
        key: "shop", smsPools: ["": ["SHOP"]], emailFrom: "shop@example.com", emailName: "The Shop", replyTo: "help@example.com",
        timeZone: "Europe/London", defaultLocale: "en-GB")
    sender(&shop)
    return Policy(
        classes: ["notification": rules], caps: [], senders: ["shop": shop], defaultSender: "shop", providers: [:], routes: [],
        prices: [], wordLists: wordLists)
}

func message(_ channel: Channel, _ variables: String = "{}", to address: String = "+447700900123") -> Message {
    Message(
        id: MessageID(1), messageClass: "notification", channel: channel, recipientKey: "r", address: address, template: "order",
        variables: variables, createdAt: Timestamp(microseconds: 0), expiresAt: Timestamp(microseconds: 1))
}

func parsed(
    _ channel: Channel, _ body: String, subject: String? = nil, html: String? = nil, required: [String] = []
) throws(RenderError) -> ParsedTemplate {
    try ParsedTemplate(
        Template(
            key: "order", locale: "en", channel: channel, version: 7, subject: subject, body: body, html: html,
            required: required))
}

/// What a template makes of variables where no escaping is due.
func text(_ template: String, _ variables: String, limits: RenderLimits = RenderLimits()) throws(RenderError) -> String {
    let rendered = try Renderer(policy(), limits: limits).render(message(chat, variables), template: parsed(chat, template))
    guard case .http(let text) = rendered.message.content else { return "not text" }
    return text
}

/// What it makes of them in the html part of an e-mail.
func html(_ template: String, _ variables: String) throws(RenderError) -> String? {
    let parsed = try parsed(.email, "text", subject: "subject", html: template)
    let rendered = try Renderer(policy()).render(message(.email, variables, to: "a@example.com"), template: parsed)
    guard case .email(let email) = rendered.message.content else { return nil }
    return email.html
}

/// The SMS that a text becomes under a policy.
func sms(
    _ body: String, _ policy: Policy, _ variables: String = "{}", to address: String = "+447700900123", provider: String? = nil
) throws(RenderError) -> (sms: SMSText?, warnings: [RenderWarning]) {
    let rendered = try Renderer(policy).render(
        message(.sms, variables, to: address), template: parsed(.sms, body), provider: provider)
    guard case .sms(let sms) = rendered.message.content else { return (nil, rendered.warnings) }
    return (sms, rendered.warnings)
}

/// The stable code of the error that a body throws, or nil.
func code(_ body: () throws(RenderError) -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return error.code
    }
}
