// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

/// One module of ours: strict settings, sources in `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency], plugins: [Target.PluginUsage] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: readme(name), swiftSettings: strict, plugins: plugins)
}

/// One program of ours: a `Main.swift` and nothing else.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, exclude: readme(name), swiftSettings: strict)
}

/// One test target, with the scratch databases of `Tests/TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

/// Modules whose folder holds a README with decisions and measurements.
func readme(_ name: String) -> [String] {
    [
        "AdminCommands", "Callbacks", "Campaigns", "Gateway", "Operations", "Pipeline", "Postgres", "Producer", "ProviderEvents",
        "Rendering",
        "Settings", "Store", "Telemetry", "Text", "Transports", "Worker", "martlet-load",
    ].contains(name)
        ? ["README.md"] : []
}

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-producer", targets: ["martlet-producer"]),
        .executable(name: "martlet-worker", targets: ["martlet-worker"]),
        .executable(name: "martlet-gateway", targets: ["martlet-gateway"]),
        .executable(name: "martlet-load", targets: ["martlet-load"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        module("Postgres", ["CLibPQ"]),
        module("Domain", []),
        module("Text", []),
        module("Callbacks", ["CLibCrypto", "Text", "Domain"]),
        module("Store", ["Postgres", "Text", "Domain", logging], plugins: ["EmbedMigrations"]),
        module("Rendering", ["Text", "Domain"]),
        module(
            "Transports",
            [
                "Callbacks", "CLibCrypto", "Text", "Domain", logging, .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"), .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ] + nio),
        module("Settings", ["Domain", .product(name: "Yams", package: "Yams")]),
        module("Telemetry", ["Text", "Domain", logging, metrics, .product(name: "NIOHTTP1", package: "swift-nio")] + nio),
        module("Campaigns", ["Store", "Settings", "Telemetry", "Text", "Domain", logging]),
        module("ProviderEvents", ["Store", "Rendering", "Callbacks", "Telemetry", "Domain", logging]),
        module("Pipeline", ["Store", "Rendering", "Transports", "Callbacks", "Telemetry", "Text", "Domain", logging]),
        module(
            "Worker",
            [
                "Pipeline", "ProviderEvents", "Campaigns", "Store", "Transports", "Settings", "Telemetry", "Text", "Domain",
                logging,
                lifecycle, unixSignals,
            ]),
        module(
            "Gateway",
            [
                "ProviderEvents", "Store", "Callbacks", "Settings", "Telemetry", "Text", "Domain", logging, lifecycle,
                unixSignals,
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "NIOCore", package: "swift-nio"),
            ]),
        module("Producer", ["Store", "Rendering", "Settings", "Text", "Domain", "CZlib", logging]),
        module(
            "Operations",
            ["Campaigns", "Producer", "Store", "Rendering", "Transports", "Callbacks", "Settings", "Text", "Domain"]),
        module("AdminCommands", ["Campaigns", "Operations", "Store", "Rendering", "Settings", "Text", "Domain", argumentParser]),
        program("martlet", ["AdminCommands", argumentParser]),
        program("martlet-producer", ["Producer", "Settings", "Store", "Telemetry", argumentParser, logging]),
        program(
            "martlet-worker",
            ["Worker", "Settings", "Store", "Telemetry", argumentParser, logging, metrics, lifecycle]),
        program("martlet-gateway", ["Gateway", "Settings", "Store", "Telemetry", argumentParser, logging, metrics]),
        program(
            "martlet-load",
            [
                "Settings", "Store", "Transports", "Callbacks", "Domain", argumentParser,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio),
        .executableTarget(
            name: "instruction-count", dependencies: ["Domain", "Rendering", "Settings"], path: "Tests/InstructionCount",
            exclude: ["expected"], swiftSettings: strict),
        .executableTarget(name: "EmbedSQL", path: "Sources/EmbedSQL", swiftSettings: strict),
        .plugin(
            name: "EmbedMigrations", capability: .buildTool(), dependencies: ["EmbedSQL"],
            path: "Sources/EmbedMigrations"),
        .target(
            name: "TestSupport", dependencies: ["Postgres", "Store"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "PipelineSupport", dependencies: ["Postgres", "Store", "Settings", "Domain", "TestSupport"],
            path: "Tests/PipelineSupport", swiftSettings: strict),
        .target(
            name: "StageSupport",
            dependencies: [
                "PipelineSupport", "Worker", "Pipeline", "ProviderEvents", "Rendering", "Transports", "Callbacks", "Telemetry",
                "Store",
                "Postgres", "Domain", "TestSupport", logging,
            ], path: "Tests/StageSupport", swiftSettings: strict),
        .target(
            name: "CarrierSupport",
            dependencies: [
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ] + nio, path: "Tests/CarrierSupport", swiftSettings: strict),
        .target(
            name: "ProviderSupport", dependencies: ["Callbacks", "Settings", "Domain"], path: "Tests/ProviderSupport",
            swiftSettings: strict),
        tests("ArchitectureTests", []),
        tests("PostgresTests", ["Postgres"]),
        tests("DomainTests", ["Domain"]),
        tests("TextTests", ["Text", "Rendering", "Domain"]),
        tests("RenderingTests", ["Rendering", "Text", "Domain"]),
        tests(
            "CallbacksTests",
            [
                "ProviderSupport", "Callbacks", "Transports", "Domain",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            exclude: ["Reports/Real"]),
        tests(
            "TransportsTests",
            [
                "CarrierSupport", "ProviderSupport", "Transports", "Callbacks", "Rendering", "Settings", "Text", "Domain",
                logging,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ] + nio, exclude: ["HTTP/imitations.py", "HTTP/hostile.py"]),
        tests("SettingsTests", ["Settings", "Domain"]),
        tests("TelemetryTests", ["Telemetry", metrics, logging] + nio),
        tests("MigrationTests", ["PipelineSupport", "Store", "Postgres"]),
        tests("StatementTests", ["Store", "Postgres", "Domain", "Rendering", "Settings"]),
        tests("ContractTests", ["Store", "Postgres"], exclude: ["contract_test.py", "phone_spellings.csv"]),
        tests(
            "PipelineTests",
            [
                "StageSupport", "PipelineSupport", "Pipeline", "Worker", "Store", "Postgres", "Rendering", "Transports", "Domain",
                logging,
            ]),
        tests(
            "WorkerTests",
            [
                "StageSupport", "PipelineSupport", "Worker", "Pipeline", "ProviderEvents", "Telemetry", "Store", "Postgres",
                "Transports", "Domain", logging,
            ]),
        tests(
            "ProviderEventsTests",
            [
                "StageSupport", "PipelineSupport", "ProviderEvents", "Worker", "Pipeline", "Telemetry", "Store", "Postgres",
                "Rendering", "Callbacks", "Domain", logging,
            ]),
        tests(
            "CampaignsTests",
            ["Campaigns", "PipelineSupport", "Store", "Postgres", "Settings", "Telemetry", "Text", "Domain", logging]),
        tests("ProducerTests", ["Producer", "Store", "Postgres", "Settings", "Text"]),
        tests(
            "OperationsTests", ["Operations", "Campaigns", "PipelineSupport", "Store", "Postgres", "Settings", "Text", "Domain"]),
        tests(
            "AdminCommandsTests", ["AdminCommands", "Domain", "Store", "Postgres", "Settings", argumentParser],
            exclude: ["terminal.py"]),
        tests(
            "FaultTests",
            [
                "CarrierSupport", "PipelineSupport", "Settings", "Store", "Postgres", "Domain",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ]),
        tests(
            "GatewayTests", ["Gateway", "PipelineSupport", "Callbacks", "Transports", "Domain", "Postgres", "Store"],
            exclude: ["webhook_receiver.py"]),
        tests("ExampleTests", ["Settings", "Rendering", "Domain"]),
    ]
)
