package import Domain
internal import Foundation
import Settings
import Testing

/// The providers of `Config/examples/providers`.
package enum ProviderExamples {
    private static let folder = Programs.root.appending(path: "Config/examples/providers")

    package static func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// The provider of an example file, read as `config validate` reads it: beside the shipped policy.
    package static func example(_ file: String) throws -> ProviderPolicy {
        var texts = try PolicyFiles.read(directory: Programs.root.path + "/Config/policy")
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        let entry = try #require(text.firstRange(of: "\nproviders:\n"))
        texts["providers.yaml", default: ""] += text[entry.upperBound...]
        let shipped = try PolicyFiles.parse(PolicyFiles.read(directory: Programs.root.path + "/Config/policy")).providers
        let added = try PolicyFiles.parse(texts).providers.filter { shipped[$0.key] == nil }
        #expect(added.count == 1)
        return try #require(added.values.first)
    }

    /// The same provider at an imitation: host, port and secrets are others, everything else is what is shipped.
    package static func local(_ file: String, port: Int, secret: String) throws -> ProviderPolicy {
        var policy = try example(file)
        if policy.transport == "twilio" { policy.options["base_url"] = "https://api.twilio.com" }
        for name in ["base_url", "url", "test_url"] {
            guard let url = policy.options[name] else { continue }
            let parts = url.split(separator: "/", maxSplits: 2)
            // Both clouds have one address for everything: the imitation tells them apart by the path.
            let path = policy.options["sign"] == nil ? parts.count > 2 ? String(parts[2]) : "" : policy.name
            policy.options[name] = "http://127.0.0.1:\(port)" + (path.isEmpty ? "" : "/\(path)")
        }
        policy.options["allow_private"] = "true"
        policy.options["in_clear"] = "true"
        for name in policy.options.keys where name.hasSuffix("_file") { policy.options[name] = secret }
        return policy
    }
}
