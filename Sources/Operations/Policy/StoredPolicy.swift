import Domain
import Rendering
import Settings
import Store
import Text

extension LoadPolicy.Stored {
    /// File name → text.
    /// - Throws: `internalFault` when the column holds something else.
    func texts() throws(OperationError) -> [String: String] {
        do {
            return try JSONValue.texts(files)
        } catch {
            throw OperationError(.internalFault, "policy \(version) in the database: \(error)")
        }
    }

    /// - Throws: `invalidConfiguration` when this binary cannot read it.
    func policy() throws(OperationError) -> Policy {
        let texts = try texts()
        do throws(ConfigErrors) {
            return try PolicyFiles.parse(texts)
        } catch {
            throw OperationError(
                .invalidConfiguration, "policy version \(version) of the database: \(error)",
                hint: "Correct the files and run `martlet config apply`.")
        }
    }
}

extension OperationContext {
    /// The policy that workers use now.
    /// - Throws: `notFound` when none was ever applied.
    func currentPolicy() async throws -> (stored: LoadPolicy.Stored, policy: Policy) {
        guard let stored = try await run(LoadPolicy()) else {
            throw OperationError(
                .notFound, "No policy has been applied yet.", hint: "Run `martlet config apply --config Config`.")
        }
        return (stored, try stored.policy())
    }

    /// Newest versions of the templates with this key.
    /// - Throws: `refused` for a stored template that does not parse.
    func storedTemplates(key: String, channel: String?) async throws -> [ParsedTemplate] {
        try await run(LoadTemplates(key: key, channel: channel)).map { try ParsedTemplate($0) }
    }
}
