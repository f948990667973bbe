import Foundation
import PackagePlugin

/// Runs `EmbedSQL` over `Migrations/` whenever a migration or an object changes.
@main
struct EmbedMigrations: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = context.package.directoryURL.appending(path: "Migrations")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedMigrations.swift")
        let folders = [folder] + ["martlet", "martlet_data"].map { folder.appending(path: "objects/\($0)") }
        let files = try folders.flatMap { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }
            .filter { $0.pathExtension == "sql" }
        return [
            .buildCommand(
                displayName: "Embedding migrations",
                executable: try context.tool(named: "EmbedSQL").url,
                arguments: [folder.path(), output.path()],
                inputFiles: files,
                outputFiles: [output])
        ]
    }
}
