# Every other layer adds in another order.
s|^  %tokens = |  quipu.layer_set @odd = every 2 from 1\
&|
s|^    %out .*|    %sum = quipu.add %o, %down\
    %other = quipu.add %h, %sum\
    %plain = quipu.add %mid, %down\
    %out = quipu.choose %other in @odd else %plain|
