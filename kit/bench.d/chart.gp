# SPDX-License-Identifier: GPL-2.0-only
# chart.gp - bars of the ratio ours/base, one an operation, and the aims.
# Variables: DATA (tab separated: place, name, ratio, aim or NaN, colour), OUT, ROWS
set terminal svg size 920, ROWS * 17 + 120 font "sans-serif,12" background "white" dynamic name "bench"
set output OUT
set datafile separator "\t"
set title "Instructions per operation, this VFIO compared with Linux 7.3.4's (less is better)"
set logscale x 10
set xrange [0.0005:3]
set yrange [ROWS + 0.8:0.2]
set format x "%g"
set xlabel "times the base's instructions; left of 1 is an improvement"
set grid xtics lt 1 lc rgb "#dddddd"
set tics nomirror out
set border 3
set key outside below horizontal samplen 1.5
set style fill solid 0.85 noborder
set arrow from 1, graph 0 to 1, graph 1 nohead lw 1.5 lc rgb "#444444" front
green = 0x2e8b57; red = 0xc0392b; blue = 0x4a7fb5
kind(c, want) = strcol(c) eq want ? column(3) : NaN
left(r) = r < 1 ? r : 1
right(r) = r < 1 ? 1 : r
bar(want) = kind(5, want)
plot DATA using (bar("reached")):1:(left(bar("reached"))):(right(bar("reached"))):($1-0.36):($1+0.36):ytic(2) \
		with boxxyerror lc rgb green title "aim reached", \
	DATA using (bar("missed")):1:(left(bar("missed"))):(right(bar("missed"))):($1-0.36):($1+0.36) \
		with boxxyerror lc rgb red title "aim missed", \
	DATA using (bar("-")):1:(left(bar("-"))):(right(bar("-"))):($1-0.36):($1+0.36) \
		with boxxyerror lc rgb blue title "no aim set", \
	DATA using 4:1 with points pt 2 ps 0.7 lw 2 lc rgb "#000000" title "aim", \
	DATA using (strcol(5) eq "open" ? 1.03 : NaN):1:("not there yet") with labels left font ",10" notitle
