import Foundation

/// Which module may import which: the directions of the layers, and the one home of every library from outside.
enum ImportTable {
    /// A module imports modules of lower layers only; neighbours do not import each other.
    static let layers: [Set<String>] = [
        ["CLibCrypto", "CLibPQ", "CZlib"],
        ["Domain", "Postgres", "Text"],
        ["Callbacks"],
        ["Store", "Transports", "Rendering", "Settings", "Telemetry"],
        ["Pipeline", "ProviderEvents", "Campaigns", "Producer"],
        ["Operations"],
        ["Worker", "AdminCommands", "Gateway", "MartletClient"],
        ["martlet", "martlet-producer", "martlet-worker", "martlet-gateway", "martlet-load"],
    ]

    /// Modules of ours that not everybody above them may import.
    static let readers: [String: Set<String>] = [
        "CLibCrypto": ["Callbacks", "Transports"],
        "CLibPQ": ["Postgres"],
        "CZlib": ["Producer"],
        "Postgres": ["Store"],
        // Commands, and later the console, reach providers through Operations; the gateway only hears what comes back.
        "Transports": ["Pipeline", "Operations", "Worker", "martlet-load"],
        // Stages are run by workers alone; use cases decide about campaigns, and workers release them.
        "Pipeline": ["Worker"],
        "ProviderEvents": ["Worker", "Gateway"],
        "Producer": ["Operations", "martlet-producer"],
        "Campaigns": ["Worker", "Operations", "AdminCommands"],
        "Callbacks": ["Transports", "Pipeline", "ProviderEvents", "Operations", "Worker", "Gateway", "martlet-load"],
    ]

    static let programs = layers[7]

    /// Libraries from outside, and the modules that may import them. What is in no list may be imported nowhere.
    static let homes: [String: Set<String>] = [
        "NIOCore": ["Transports", "Telemetry", "Gateway", "martlet-load"],
        "NIOPosix": ["Transports", "Telemetry", "Gateway", "martlet-load"],
        "NIOHTTP1": ["Transports", "Telemetry", "Gateway", "martlet-load"],
        "NIOSSL": ["Transports"],
        "NIOTLS": ["Transports"],
        "AsyncHTTPClient": ["Transports"],
        "Crypto": ["Transports"],
        "CryptoExtras": ["Transports"],
        "Yams": ["Settings"],
        "Hummingbird": ["Gateway"],
        "HummingbirdCore": ["Gateway"],
        "HTTPTypes": ["Gateway"],
        "Metrics": programs.union(["Telemetry"]),
        "CoreMetrics": programs.union(["Telemetry"]),
        "ServiceLifecycle": ["Worker", "Gateway", "martlet-worker"],
        "UnixSignals": programs.union(["Worker", "Gateway"]),
        "ArgumentParser": programs.union(["AdminCommands"]),
        "PackagePlugin": ["EmbedMigrations"],
    ]

    /// What comes with the toolchain, and logging, locks and collections: anywhere above Domain.
    static let common: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch", "Logging", "NIOConcurrencyHelpers",
        "Collections", "DequeModule", "OrderedCollections", "HeapModule",
    ]

    /// Build tools belong to no layer; they use the toolchain only.
    static let tools: Set<String> = ["EmbedSQL", "EmbedMigrations"]

    /// Why `module` may not import `name`; nil: it may.
    static func objection(_ module: String, imports name: String) -> String? {
        let own = layers.firstIndex { $0.contains(module) }
        guard own != nil || tools.contains(module) else {
            return "\(module) is in no layer; add it to ImportTable.layers"
        }
        if let other = layers.firstIndex(where: { $0.contains(name) }) {
            guard let own, other < own else {
                return "\(module) may not import \(name): arrows go from upper layers to lower ones"
            }
            if let allowed = readers[name], !allowed.contains(module) {
                return "\(module) may not import \(name): only \(allowed.sorted().joined(separator: ", ")) may"
            }
            return nil
        }
        if common.contains(name) {
            return module == "Domain" ? "Domain may not import \(name): it is values only, without I/O, clock or logger" : nil
        }
        guard let allowed = homes[name] else { return "\(module) imports \(name), which has no home in ImportTable.homes" }
        return allowed.contains(module)
            ? nil : "\(module) may not import \(name): its home is \(allowed.sorted().joined(separator: ", "))"
    }

    /// The modules that a source text imports, whatever attributes, access levels, kinds and submodules the lines carry.
    static func imports(in text: String) -> [String] {
        text.split(whereSeparator: { $0.isNewline || $0 == ";" }).compactMap { line in
            var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            while let first = words.first,
                first.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]
            let path = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
            return path.split(separator: ".").first.map(String.init)
        }
    }
}

/// The files of the repository.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct File {
        /// From the root on.
        var path: String
        var text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// Every file below a folder whose name ends so.
    static func files(below folder: String, ending suffix: String) throws -> [File] {
        let base = root.appending(path: folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(suffix) }.sorted()
        return try names.map {
            File(path: "\(folder)/\($0)", text: try String(contentsOf: base.appending(path: $0), encoding: .utf8))
        }
    }
}
