#!/usr/bin/env bash
# embed.sh PACKAGES OUT: writes into the folder OUT the files of web/assets.list, plain and
# compressed, and assets.cpp, which holds their bytes and the table of them (src/http/assets.h).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
packages=$1 out=$2 number=0 rows=
mkdir -p "$out"
cpp=$out/assets.cpp.new
printf '#include "http/assets.h"\n\n' >"$cpp"

# symbol NAME FILE: the file's bytes as ara_asset_NAME … ara_asset_NAME_end.
symbol() {
  printf 'asm(R"(.section .rodata\n.balign 16\n%s: .incbin "%s"\n%s_end: .byte 0\n.previous)");\n' \
    "ara_asset_$1" "$2" "ara_asset_$1" >>"$cpp"
  printf 'extern "C" const char ara_asset_%s[], ara_asset_%s_end[];\n' "$1" "$1" >>"$cpp"
}
view() { printf '{ara_asset_%s, ara_asset_%s_end}' "$1" "$1"; }

# The page itself has the hashed names in it and is no asset: it may not be kept for a year.
page=$(cat "$here/web/docs.html")
while read -r name from type; do
  case $name in '' | '#'*) continue ;; esac
  case $from in web/*) from=$here/$from ;; *) from=$packages/$from ;; esac
  hash=$(sha256sum "$from" | cut -c1-16)
  hashed=${name%.*}-$hash.${name##*.}
  file=$out/$hashed
  cp "$from" "$file"
  gzip -9nc "$file" >"$file.gz"
  brotli -fq 11 -o "$file.br" "$file"
  id=$((number++))
  symbol "$id" "$file"
  rows+="    {\"$hashed\", \"$type\", $(view "$id")"
  for form in gz br; do
    if [ "$(stat -c %s "$file.$form")" -lt "$(stat -c %s "$file")" ]; then
      symbol "${id}_$form" "$file.$form"
      rows+=", $(view "${id}_$form")"
    else
      rows+=", {}"
    fi
  done
  rows+="},"$'\n'
  page=${page//\{$name\}/$hashed}
done <"$here/web/assets.list"

{
  printf '\nnamespace ara::http {\n\nstd::span<const Asset> assets() {\n'
  printf '  static const Asset table[]{\n%s  };\n  return table;\n}\n\n' "$rows"
  printf 'std::string_view docs_page() {\n  return R"html(%s\n)html";\n}\n\n' "$page"
  printf '}  // namespace ara::http\n'
} >>"$cpp"
mv "$cpp" "$out/assets.cpp"
