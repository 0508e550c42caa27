// The functions of the dialect besides Go's own: exactly these exist.
const LIST = `
len hash_of type_of exists sample now randAlpha randAlphaNum randAscii randNumeric randInt uuidv4
date date_in_zone date_modify dateInZone dateModify duration durationRound htmlDate htmlDateInZone must_date_modify mustDateModify
mustToDate toDate unixEpoch abbrev abbrevboth trunc trim upper lower title untitle substr trimall trimAll trimSuffix trimPrefix nospace
initials snakecase camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent replace plural sha1sum
sha256sum adler32sum toString atoi int64 int float64 toDecimal add1 add sub div mod mul add1f addf subf divf mulf biggest max min maxf
minf ceil floor round split splitList splitn toStrings join sortAlpha default empty coalesce all any compact mustCompact fromJson toJson
toPrettyJson toRawJson mustFromJson mustToJson mustToPrettyJson mustToRawJson ternary typeOf typeIs typeIsLike kindOf kindIs deepEqual
base dir clean ext isAbs osBase osClean osDir osExt osIsAbs b64enc b64dec b32enc b32dec tuple list dict get hasKey pluck keys pick omit
values append push mustAppend mustPush prepend mustPrepend first mustFirst rest mustRest last mustLast initial mustInitial reverse
mustReverse uniq mustUniq without mustWithout has mustHas slice mustSlice concat dig semver semverCompare fail`;

export const functions = LIST.trim().split(/\s+/);
