import Domain
import Foundation
import Store

/// The text of a dead letter as a requeue would send it now.
struct DeadLetterText {
    var row: DeadLetterRow
    var locale: String?
    var sender: String?
    var variables: String

    /// - Throws: `internalFault` when the kept message is no JSON object.
    init(_ letter: LoadDeadLetter.Letter, variables: String) throws {
        row = letter.row
        self.variables = variables
        let body = try JSONSerialization.jsonObject(with: Data(letter.message.utf8)) as? [String: Any] ?? [:]
        locale = body["locale"] as? String
        sender = body["sender"] as? String
    }

    /// - Throws: `OperationError`: why it cannot be sent. What a word list holds is shown.
    func render(in context: OperationContext) async throws -> Preview {
        let wording = PreviewMessage.Wording(
            template: row.template, messageClass: row.messageClass, locale: locale, variables: variables)
        var preview = PreviewMessage(
            text: .template(wording), channel: Channel(rawValue: row.channel), to: row.address, sender: sender)
        preview.approvesWords = true
        return try preview.run(with: try await PolicySource(context, key: row.template, channel: row.channel))
    }
}

/// Checks other variables for a dead letter before it is requeued with them: renders it, and answers what would be sent.
public struct CheckVariables: UseCase {
    public static let role = Role.admin
    public var id: MessageID
    /// JSON object: all of them.
    public var variables: String
    public init(id: MessageID, variables: String) {
        self.id = id
        self.variables = variables
    }

    public func perform(in context: OperationContext) async throws -> Preview {
        guard let letter = try await context.run(LoadDeadLetter(id: id)) else {
            throw OperationError(
                .notFound, "Message \(id) is not a dead letter.", hint: "`martlet message show \(id)` tells what became of it.")
        }
        return try await DeadLetterText(letter, variables: variables).render(in: context)
    }
}
