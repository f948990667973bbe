extension String {
    /// As one word of a command line: quoted where it must be.
    var shellWord: String {
        let plain =
            !isEmpty
            && unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "+-_./:@,=%".unicodeScalars.contains($0)
            }
        return plain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
