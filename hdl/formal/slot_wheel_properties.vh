// Properties of slot_wheel; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // The wheel is never reset: its first edge is number 1.
    reg       f_started, f_stored;
    reg [1:0] f_edge;
    initial begin
        f_started = 1'b0;
        f_edge    = 2'd1;
    end
    always @(posedge clk_bus) begin
        f_started <= 1'b1;
        f_edge    <= f_edge + 2'd1;
        f_stored  <= slot_store;
    end

    always @* begin
        one_user_an_edge: assert (slot_bus + slot_fetch + slot_take + slot_store == 3'd1);
        edges_modulo_4:   assert ({slot_store, slot_take, slot_fetch, slot_bus} == 4'b0001 << f_edge);

        reach_a_turn:     cover (f_started && f_stored && slot_bus);
    end
