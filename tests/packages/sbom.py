# SPDX-License-Identifier: ISC
"""What a bill of materials must be: the parts of SPDX 2.3's JSON form that ours uses, and what ties them together."""
import re

REQUIRED = {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages", "relationships"}
PACKAGE = {"name", "SPDXID", "versionInfo", "primaryPackagePurpose", "supplier", "downloadLocation", "homepage",
           "filesAnalyzed", "licenseConcluded", "licenseDeclared", "copyrightText", "externalRefs"}
# The identifiers on SPDX's list of licences that are used here.
LICENCES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "GPL-2.0-or-later", "ISC", "LGPL-2.1-or-later", "MIT", "OLDAP-2.8",
            "Unicode-DFS-2015", "blessing", "curl"}
PURL = re.compile(r"pkg:generic/[a-z0-9.-]+@[A-Za-z0-9.~_%-]+")
CPE = re.compile(r"cpe:2\.3:a:[a-z0-9_]+:[a-z0-9_]+:[0-9][0-9.]*(:\*){7}")
REFERENCES = {("PACKAGE-MANAGER", "purl"): PURL, ("SECURITY", "cpe23Type"): CPE}


def check_package(package):
    assert set(package) == PACKAGE, package
    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"])
    assert re.fullmatch(r"[0-9]+[A-Za-z0-9.+~:-]*", package["versionInfo"]), package
    assert package["primaryPackagePurpose"] in ("APPLICATION", "LIBRARY")
    assert re.match(r"(Organization: .|NOASSERTION$)", package["supplier"])
    assert re.match(r"https?://", package["homepage"])
    assert package["downloadLocation"] == "NOASSERTION" and package["filesAnalyzed"] is False
    assert set(re.split(r" (?:AND|OR) ", package["licenseDeclared"])) <= LICENCES, package
    kinds = []
    for reference in package["externalRefs"]:
        assert set(reference) == {"referenceCategory", "referenceType", "referenceLocator"}
        kind = reference["referenceCategory"], reference["referenceType"]
        assert REFERENCES[kind].fullmatch(reference["referenceLocator"]), reference
        kinds.append(kind)
    assert ("PACKAGE-MANAGER", "purl") in kinds and len(kinds) == len(set(kinds))


def check(document, version):
    """Fails when the document is not of SPDX 2.3's form; gives its libraries as {name: version}."""
    assert set(document) == REQUIRED
    assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
    assert document["SPDXID"] == "SPDXRef-DOCUMENT"
    assert re.fullmatch(r"https://[^#\s]+", document["documentNamespace"])
    assert set(document["creationInfo"]) == {"created", "creators"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
    assert all(re.match(r"(Organization|Tool|Person): .", creator) for creator in document["creationInfo"]["creators"])
    for package in document["packages"]:
        check_package(package)
    identifiers = [package["SPDXID"] for package in document["packages"]]
    assert len(identifiers) == len(set(identifiers))
    program, *libraries = document["packages"]
    assert (program["name"], program["versionInfo"], program["licenseDeclared"]) == ("scimward", version, "ISC")
    related = {(each["spdxElementId"], each["relationshipType"], each["relatedSpdxElement"])
               for each in document["relationships"]}
    assert related == {("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-scimward")} | {
        ("SPDXRef-scimward", "DYNAMIC_LINK", library["SPDXID"]) for library in libraries}
    return {library["name"]: library["versionInfo"] for library in libraries}
