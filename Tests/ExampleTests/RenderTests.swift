import Domain
import Foundation
import Rendering
import Settings
import Testing

private let config = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Config").path(percentEncoded: false)

@Suite("Every shipped template")
struct RenderTests {
    /// Which class a template is sent with.
    private static let classes = [
        "login-code": "otp", "order-confirmed": "transactional", "payment-failed": "transactional",
        "refund-issued": "transactional",
        "account-alert": "transactional", "parcel-shipped": "notification", "parcel-delivered": "notification",
        "pickup-ready": "notification", "flash-sale": "marketing", "win-back": "marketing", "birthday-coupon": "marketing",
        "cart-reminder": "marketing", "newsletter": "marketing", "cart-coupon": "marketing", "welcome": "marketing",
        "getting-started": "marketing", "first-use": "marketing", "survey-request": "notification",
        "service-apology": "notification", "parcel-delayed": "notification",
    ]
    private static let samples = [
        "code": "123456", "minutes": "5", "order_number": "A-10293", "time": "14:30", "name": "Ann", "amount": "49.90",
        "until": "31.12.",
        "discount": "20%", "carrier": "DHL", "tracking_number": "JD014600", "url": "https://swallow.example/a", "points": "120",
    ]

    private func sender(_ template: Template) -> String { template.locale.hasPrefix("zh") ? "qingyan" : "swallow" }
    private func address(_ template: Template) -> String {
        if template.channel == .email { return "ann@example.com" }
        return template.locale.hasPrefix("zh") ? "+8613800138000" : "+447700900123"
    }

    private func message(_ template: Template, without missing: String? = nil) throws -> Message {
        var variables: [String: String] = [:]
        let texts = [template.subject ?? "", template.body, template.html ?? ""].joined()
        let named = texts.matches(of: /\{\{\{?[#^&\/]?\s*([a-z_]+)\s*\}?\}\}/).map { String($0.1) }
        for name in template.required + named where name != missing { variables[name] = Self.samples[name] ?? "sample" }
        let json = String(decoding: try JSONEncoder().encode(variables), as: UTF8.self)
        let now = Timestamp(microseconds: 1_770_000_000_000_000)
        return Message(
            id: MessageID(1), messageClass: try #require(Self.classes[template.key], "which class is \(template.key)?"),
            channel: template.channel, recipientKey: "r", address: address(template), template: template.key,
            locale: template.locale,
            sender: sender(template), variables: json, createdAt: now, expiresAt: now + .seconds(300))
    }

    @Test("renders with sample variables, names them, leaves no tag behind, and stays within its class's segments")
    func renders() throws {
        let policy = try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy"))
        let renderer = Renderer(policy)
        for template in try TemplateFiles.read(directory: config + "/templates") {
            let name = "\(template.key)/\(template.locale).\(template.channel)"
            let message = try message(template)
            let rendered = try renderer.render(message, template: try ParsedTemplate(template))
            let texts: [String] =
                switch rendered.message.content {
                case .sms(let sms): [sms.text]
                case .email(let mail): [mail.subject, mail.text] + [mail.html].compactMap { $0 }
                case .http(let text): [text]
                }
            for text in texts {
                #expect(!text.isEmpty && !text.contains("{{") && !text.contains("}}"), "\(name): \(text)")
            }
            for variable in template.required {
                let sample = Self.samples[variable] ?? "sample"
                #expect(texts.contains { $0.contains(sample) }, "\(name) does not show \(variable)")
            }
            #expect(rendered.warnings.isEmpty, "\(name): \(rendered.warnings)")
            if let most = policy.classes[message.messageClass]?.maxSegments {
                #expect(rendered.message.segments <= most, "\(name)")
            }
        }
    }

    @Test("is refused when a required variable is missing")
    func refuses() throws {
        let renderer = Renderer(try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy")))
        for template in try TemplateFiles.read(directory: config + "/templates") {
            for variable in template.required {
                let parsed = try ParsedTemplate(template)
                let message = try message(template, without: variable)
                #expect(throws: RenderError.self, "\(template.key)/\(template.locale) without \(variable)") {
                    try renderer.render(message, template: parsed)
                }
            }
        }
    }

    @Test("of marketing by SMS carries the sender's signature and a way out")
    func signed() throws {
        let policy = try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy"))
        let renderer = Renderer(policy)
        for template in try TemplateFiles.read(directory: config + "/templates")
        where template.channel == .sms && Self.classes[template.key] == "marketing" {
            let rendered = try renderer.render(try message(template), template: try ParsedTemplate(template))
            guard case .sms(let sms) = rendered.message.content else { continue }
            let isChinese = template.locale.hasPrefix("zh")
            #expect(sms.text.hasPrefix(isChinese ? "【青燕商城】" : "Swallow & Co: "), "\(sms.text)")
            #expect(sms.text.contains(isChinese ? "拒收请回复R" : "Reply STOP"), "\(sms.text)")
        }
    }
}
