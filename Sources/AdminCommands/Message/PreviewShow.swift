import Domain
import Operations
import Rendering

extension Preview {
    func show() {
        let out = Terminal.out
        if let template {
            out.line("template  \(template.key) \(template.locale).\(template.channel), version \(template.version)", .dim)
        }
        if let to {
            out.line(
                "route     \(rendered.from.isEmpty ? "" : "from \(rendered.from) ")to \(Printable.line(to)) by \(provider ?? "no provider")",
                .dim)
        }
        switch rendered.content {
        case .sms(let sms):
            for (index, part) in sms.parts.enumerated() {
                if sms.parts.count > 1 { out.line("-- \(index + 1)/\(sms.parts.count)", .dim) }
                out.line(Printable.text(part))
            }
            let limit = sms.encoding == .gsm7 ? (160, 153) : (70, 67)
            out.line()
            out.line(
                "\(sms.encoding.rawValue), \(sms.units) units, \(sms.parts.count) segment\(sms.parts.count == 1 ? "" : "s") "
                    + "(\(limit.0) units in one, \(limit.1) in each of several)", .bold)
        case .email(let mail):
            out.line("subject   \(Printable.line(mail.subject))", .bold)
            out.line(Printable.text(mail.text))
            if let html = mail.html { out.line("-- html, \(html.utf8.count) bytes (--json shows it)", .dim) }
        case .http(let text): out.line(Printable.text(text))
        }
        if let cost { out.line("cost      \(decimal(micros: cost.micros)) \(cost.currency)") }
        if cost == nil, provider != nil { out.line("cost      unknown: prices.yaml has none for this provider and address") }
        for warning in warnings { Terminal.error.line("warning: \(Printable.text(warning.text))", .yellow) }
    }
}
