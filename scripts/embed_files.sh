#!/usr/bin/env bash
# embed_files.sh FOLDER OUT: writes the C++ file OUT, which holds the bytes of the configuration files
# below FOLDER and the table of them (src/cli/monitoring_setup.h).
set -euo pipefail
export LC_ALL=C # the order of the table is that of the names, wherever it is made
folder=$1 out=$2 number=0 rows=
printf '#include "cli/monitoring_setup.h"\n\n' >"$out.new"
while read -r path; do
  name=ara_monitoring_$((number++))
  printf 'asm(R"(.section .rodata\n%s: .incbin "%s"\n%s_end: .byte 0\n.previous)");\n' \
    "$name" "$folder/$path" "$name" >>"$out.new"
  printf 'extern "C" const char %s[], %s_end[];\n' "$name" "$name" >>"$out.new"
  rows+="    {\"$path\", {$name, ${name}_end}},"$'\n'
done < <(cd "$folder" && find . -name '*.yml' -o -name '*.yaml' -o -name '*.json' | sed 's|^\./||' | sort)
{
  printf '\nnamespace ara::cli {\n\nstd::span<const EmbeddedFile> monitoring_files() {\n'
  printf '  static const EmbeddedFile table[]{\n%s  };\n  return table;\n}\n\n' "$rows"
  printf '}  // namespace ara::cli\n'
} >>"$out.new"
mv "$out.new" "$out"
