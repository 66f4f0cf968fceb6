//! Precompiled contracts: those of the fork, or the caller's own set.

use alloy_primitives::Address;
use revm::{
    context_interface::{Cfg, ContextTr, JournalTr, LocalContextTr},
    handler::{PrecompileProvider, precompile_output_to_interpreter_result},
    interpreter::{CallInputs, InterpreterResult},
    precompile::Precompiles,
    primitives::AddressSet,
};

/// A borrowed set of precompiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrecompileSet<'m>(pub(super) &'m Precompiles);

impl<CTX: ContextTr> PrecompileProvider<CTX> for PrecompileSet<'_> {
    type Output = InterpreterResult;

    /// The set was chosen for the block's fork.
    fn set_spec(&mut self, _spec: <CTX::Cfg as Cfg>::Spec) -> bool {
        false
    }

    fn run(
        &mut self,
        context: &mut CTX,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        let Some(precompile) = self.0.get(&inputs.bytecode_address) else {
            return Ok(None);
        };
        let output = precompile
            .execute(
                &inputs.input.as_bytes(context),
                inputs.gas_limit,
                inputs.reservoir,
            )
            .map_err(|error| error.to_string())?;
        // A top-level call reports why it halted, as revm's own provider does.
        if let Some(reason) = output.halt_reason()
            && !reason.is_oog()
            && context.journal().depth() == 1
        {
            let reason = reason.to_string();
            context.local_mut().set_precompile_error_context(reason);
        }
        Ok(Some(precompile_output_to_interpreter_result(
            output,
            inputs.gas_limit,
        )))
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.0.addresses_set()
    }

    fn contains(&self, address: &Address) -> bool {
        self.0.contains(address)
    }
}
