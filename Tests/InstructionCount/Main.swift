import Domain
import Foundation
import Rendering
import Settings

// Renders `COUNT` messages with every policy and template under Config/, one after another on one thread, for Deploy/lib/instructions.sh
// to count instructions of: decode the variables, render, word lists, signature and opt-out, GSM or UCS-2, segments, price.

guard CommandLine.arguments.count == 2, let count = Int(CommandLine.arguments[1]) else {
    print("usage: instruction-count COUNT")
    exit(64)
}
let policy = try PolicyFiles.parse(PolicyFiles.read(directory: "Config/policy"))
let renderer = Renderer(policy)
let prices = PriceTable(policy.prices, at: Timestamp(microseconds: 1_800_000_000_000_000))
let templates = try TemplateFiles.read(directory: "Config/templates").map { try ParsedTemplate($0) }
let classes = policy.classes.keys.sorted()

let messages = templates.enumerated().map { index, template in
    let variables = template.template.required.enumerated()
        .map { "\"\($1)\": \"value \($0) of 3, 价值\"" }.joined(separator: ", ")
    return Message(
        id: MessageID(Int64(index)), messageClass: classes[index % classes.count], channel: template.template.channel,
        recipientKey: "ann", address: template.template.channel == .sms ? "+8613800138000" : "ann@example.com",
        template: template.template.key, variables: "{\(variables), \"note\": \"packed with care \\u0041\", \"n\": 129.90}",
        createdAt: Timestamp(microseconds: 1_800_000_000_000_000), expiresAt: Timestamp(microseconds: 1_800_000_600_000_000))
}
var segments = 0
var refused = 0
for index in 0..<count {
    let message = messages[index % messages.count]
    do {
        let rendered = try renderer.render(message, template: templates[index % templates.count])
        segments += prices.estimate(rendered.message, to: message.address, provider: "null").segments
    } catch {
        refused += 1  // a template that is meant to be refused, or too long for its class: counted, and the same in every run
    }
}
print("\(count) messages, \(segments) segments, \(refused) refused")
