import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
} from '@nestjs/common';
import {
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { OutboxAdmin, RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { badFields } from '../http/field-problems.js';
import { DeadLetterQuery, RetryDeadLettersDto } from './outbox.dto.js';
import { DeadLetterNotFoundError } from './outbox.errors.js';
import { DeadLetterPageView, OutboxView, RetriedView } from './outbox.view.js';
import { NoteDto } from './saga.dto.js';

/** For those who look after what is to be delivered. */
@RequiresDatabase()
@ApiTags('Back office')
@Controller('back-office/outbox')
export class OutboxController {
  constructor(private readonly outbox: OutboxAdmin) {}

  @Get()
  @ApiOperation({ summary: 'How much waits for its delivery, and for how long', operationId: 'getOutbox' })
  @ApiOkResponse({ type: OutboxView })
  @ApiErrors()
  async status(): Promise<OutboxView> {
    return new OutboxView(await this.outbox.status());
  }

  @Get('dead')
  @ApiOperation({ summary: 'List the messages that were given up', operationId: 'listDeadLetters' })
  @ApiOkResponse({ type: DeadLetterPageView })
  @ApiErrors(400)
  async listDead(@Query() { topic, limit, after }: DeadLetterQuery): Promise<DeadLetterPageView> {
    return new DeadLetterPageView(await this.outbox.listDead({ topic, after, limit: limit + 1 }), limit);
  }

  @Post('dead/retry')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Deliver dead letters again: some, or all of a topic',
    operationId: 'retryDeadLetters',
  })
  @ApiBody({ type: RetryDeadLettersDto })
  @ApiOkResponse({ type: RetriedView })
  @ApiErrors(400, 413)
  async retry(@Body() { ids, topic }: RetryDeadLettersDto): Promise<RetriedView> {
    if (ids !== undefined && topic === undefined) return new RetriedView(await this.outbox.retryDead(ids));
    if (ids === undefined && topic !== undefined)
      return new RetriedView(await this.outbox.retryDead({ topic }));
    throw badFields([{ path: 'ids', problems: ['give either `ids` or `topic`'] }]);
  }

  @Post('dead/:id/discard')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Decide that nothing is to be done about a dead letter',
    operationId: 'discardDeadLetter',
  })
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: NoteDto })
  @ApiNoContentResponse()
  @ApiErrors(400, 404, 413)
  async discard(
    @Param(
      'id',
      new ParseUUIDPipe({
        exceptionFactory: () => badFields([{ path: 'id', problems: ['is no id of a message'] }]),
      }),
    )
    id: string,
    @Body() { note }: NoteDto,
  ): Promise<void> {
    if (!(await this.outbox.discardDead(id, note))) throw new DeadLetterNotFoundError(id);
  }
}
