# One SPDX 2.3 document of an image; see sbom.sh.
def ref: "SPDXRef-" + gsub("[^A-Za-z0-9.-]"; "-");
def package($kind; $name; $version; $purl):
  {
    SPDXID: ("\($kind)-\($name)-\($version)" | ref), name: $name, versionInfo: $version,
    downloadLocation: "NOASSERTION", filesAnalyzed: false, supplier: "NOASSERTION",
    licenseConcluded: "NOASSERTION", licenseDeclared: "NOASSERTION", copyrightText: "NOASSERTION",
    externalRefs: [{referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: $purl}]
  };

def modules:
  [$go.Deps[] | (.Replace // .) | select(.Version != null and .Version != "(devel)" and (.Path | startswith("github.com/studycast/") | not))
    | package("go"; .Path; .Version; "pkg:golang/\(.Path)@\(.Version)")]
  + [($go.GoVersion | ltrimstr("go")) as $v | package("go"; "stdlib"; $v; "pkg:golang/stdlib@\($v)")];
def pages:
  [$npm[0].packages // {} | to_entries[] | select((.key | startswith("node_modules/")) and (.value.dev | not) and (.value.optional | not))
    | (.key | sub(".*node_modules/"; "")) as $name
    | package("npm"; $name; .value.version; "pkg:npm/\($name | sub("^@"; "%40"))@\(.value.version)")];
def debs:
  [$debian | split("\n")[] | select(. != "") | split("\t") | . as [$name, $v, $arch]
    | package("deb"; $name; $v; "pkg:deb/debian/\($name)@\($v | @uri)?arch=\($arch)&distro=bookworm")];

(modules + pages + debs | unique_by(.SPDXID)) as $parts
| ("image-\($program)" | ref) as $image
| {
    spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT",
    name: "studycast/\($program)", documentNamespace: "https://github.com/studycast/studycast/sbom/\($program)/\($version)/\($revision)",
    creationInfo: {created: $created, creators: ["Tool: studycast-deploy-images"]},
    packages: ([
      package("image"; $program; $version; "pkg:oci/\($program)?repository_url=studycast/\($program)&tag=\($version)")
      | .SPDXID = $image | .primaryPackagePurpose = "CONTAINER"
    ] + $parts),
    relationships: ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: $image}]
      + [$parts[] | {spdxElementId: $image, relationshipType: "CONTAINS", relatedSpdxElement: .SPDXID}])
  }
